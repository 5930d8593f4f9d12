package peer

import (
	"strconv"
	"strings"
)

// dovecotConfig is tuned for speed as far as an administrator would: processes
// that are reused and kept ready, a warm cache of passwords, no limit per
// address. Mail is synced as by default (mail_fsync = optimized).
const dovecotConfig = `
protocols = imap
listen = 127.0.0.1
base_dir = ${run}
state_dir = ${run}
libexec_dir = ${root}/usr/lib/dovecot
mail_plugin_dir = ${root}/usr/lib/dovecot/modules
import_environment = TZ LD_LIBRARY_PATH=${libs}
log_path = ${dir}/log
default_login_user = ${user}
default_internal_user = ${user}
default_internal_group = ${group}
default_process_limit = 2000
default_client_limit = 20000
default_vsz_limit = 1 G

ssl = yes
ssl_cert = <${dir}/server.pem
ssl_key = <${dir}/server.key
disable_plaintext_auth = no

auth_mechanisms = plain login
auth_cache_size = 64 M
auth_cache_ttl = 1 hour
auth_username_format = %Lu
passdb {
  driver = passwd-file
  args = username_format=%u ${dir}/users
}
userdb {
  driver = static
  args = uid=${user} gid=${group} home=${dir}/mail/%u
}

first_valid_uid = 1
mail_location = ${location}
mail_fsync = optimized
mail_max_userip_connections = 0
namespace inbox {
  inbox = yes
  separator = /
  mailbox Drafts {
    special_use = \Drafts
    auto = subscribe
  }
  mailbox Sent {
    special_use = \Sent
    auto = subscribe
  }
  mailbox Trash {
    special_use = \Trash
    auto = subscribe
  }
  mailbox Junk {
    special_use = \Junk
    auto = subscribe
  }
  mailbox Archive {
    special_use = \Archive
    auto = subscribe
  }
}

service imap-login {
  chroot =
  service_count = 0
  process_min_avail = 2
  client_limit = 4000
  inet_listener imap {
    address = 127.0.0.1
    port = ${imap}
  }
  inet_listener imaps {
    address = 127.0.0.1
    port = ${imaps}
    ssl = yes
  }
}
service imap {
  service_count = 0
  process_min_avail = 16
  process_limit = 2000
}
service anvil {
  chroot =
}
service stats {
  chroot =
}
service auth {
  unix_listener auth-userdb {
    mode = 0600
  }
}
`

func (d *dovecot) config() string {
	location := "maildir:~/maildir:LAYOUT=fs"
	if d.format == Mdbox {
		location = "mdbox:~/mdbox"
	}
	return strings.NewReplacer(
		"${run}", d.run,
		"${root}", d.root,
		"${libs}", d.libraryPath(),
		"${dir}", d.opts.Dir,
		"${user}", d.user,
		"${group}", d.group,
		"${location}", location,
		"${imap}", strconv.Itoa(d.ports[0]),
		"${imaps}", strconv.Itoa(d.ports[1]),
	).Replace(dovecotConfig)
}
