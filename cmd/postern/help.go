package main

// The methods below are the lessons of --help: what to type first, and what is
// good to know before it goes wrong. `postern man` prints them too.

func (demoCommand) Help() string {
	return `Nothing leaves this machine: it listens on loopback only. The first start makes
alice, bob, carol and admin at postern.test with sample mail and prints how to
open it; DIR/demo.json has every address, password and port for scripts.

  postern demo                                 IMAP on 10143, with TLS on 10993
  postern demo --base-port 20000 --data two    a second one beside it
  postern demo --accounts 5000 --password p    for load tests`
}

func (setupCommand) Help() string {
	return `Writes --config (/etc/postern/postern.toml if it is not given), makes the data
folder (/var/lib/postern) and the first administrator, whose password it prints
once. Nothing is overwritten.

  postern setup --hostname mail.example.org --domain example.org \\
      --certificate /etc/ssl/mail.pem --key /etc/ssl/mail.key

To listen elsewhere than on ports 143 and 993, edit the file before serving.`
}

func (serveCommand) Help() string {
	return `Runs until SIGTERM or Ctrl-C; sessions are then told goodbye. SIGHUP reads the
certificate and the sign-in policy again; a renewed certificate is noticed
without it. What is broken is logged, and the old one stays in use.`
}

func (accountAdd) Help() string {
	return `For example:

  postern account add ann@example.org --name "Ann Arbor" --quota "5 GiB"
  echo "her own choice" | postern account add ben@example.org --password-stdin

A password cannot be given as an argument: others could see it there.`
}

func (appPasswordAdd) Help() string {
	return `For one mail program, so that losing a phone costs one password and not the
account's. It can be bound to protocols, networks and a time:

  postern account app-password add ann@example.org --label phone --protocol imap
  postern account app-password add ann@example.org --label scanner --network 192.0.2.7/32 --days 365`
}

func (accountDelete) Help() string {
	return `There is no way back but a backup. To lock somebody out and keep the mail, use
"postern account disable".`
}

func (importMbox) Help() string {
	return `For example:

  postern import mbox ann@example.org ~/Mail/*
  postern import mbox ann@example.org old.mbox --mailbox Archive/2019

Each file becomes the mailbox of its name. Run it again at will: what is there
already, octet by octet, does not come twice.`
}

func (importMaildir) Help() string {
	return `For example:

  postern import maildir ann@example.org ~ann/Maildir

Folders in the Maildir++ form (.Sent) and in Dovecot's file-system form become
mailboxes, flags and keywords come along. Run it again at will, for example once
now and once when people move: only what is new comes.`
}

func (importAccounts) Help() string {
	return `For example:

  postern import accounts /etc/dovecot/users --domain example.org
  ldapsearch -LLL -x ... > people.ldif; postern import accounts people.ldif

Hashes of bcrypt, SHA-256 and SHA-512 crypt, SSHA, PBKDF2 and argon2 are taken,
and hashed anew at the first sign-in. Accounts that are there already stay as
they are.`
}

func (signinsCommand) Help() string {
	return `Each line is an attempt: allow or deny with the true reason (people only ever read
"name or password is not accepted"), or unavailable, which is a failure of ours
and never a wrong password. TLS handshakes that were refused are here too, with
the versions that the client offered.

  postern signins --account ann@example.org    why can Ann not sign in?
  postern signins --outcome unavailable        what is out of order with us?
  postern signins --follow                     what happens now?`
}

func (sessionKill) Help() string {
	return `The mail program will sign in again by itself. To keep it out, remove its app
password, change the password or disable the account: each ends its sessions.`
}

func (backupCommand) Help() string {
	return `For example:

  postern backup /backups/$(date +%F)

The server goes on serving. A folder without manifest.json is no finished
backup; "postern restore DIR --verify" reads one whole and compares its sums. It
holds all mail and the passwords' hashes: keep it as safe as the server. The
configuration, certificates and the policy file are not in it.`
}

func (restoreCommand) Help() string {
	return `For example:

  postern restore /backups/2026-03-01 --verify
  postern restore /backups/2026-03-01 --data /srv/postern-new
  postern restore /backups/2026-03-01 --account ann@example.org

The first only reads. The second makes a data folder; stop the server, name the
folder as "data" in its configuration, start it. The third adds what the account
has lost and works while the server runs.`
}

func (fsckCommand) Help() string {
	return `Reads every stored octet and every law it can, with the server running or not.
Exit status 0: all is well; 1: there are findings that were not mended.`
}

func (checkConfigCommand) Help() string {
	return `Reads the certificate and the sign-in policy that the file names, too. Each
problem is told with file, line and key, and what would be right.`
}

func (completionCommand) Help() string {
	return `For example:

  source <(postern completion bash)            # in ~/.bashrc
  source <(postern completion zsh)             # in ~/.zshrc
  postern completion fish > ~/.config/fish/completions/postern.fish`
}

func (manCommand) Help() string {
	return `For example:

  postern man | man -l -
  postern man > /usr/local/share/man/man1/postern.1`
}
