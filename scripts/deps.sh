#!/bin/sh
# deps.sh installs what the tests need beside Go: Debian packages (as root) and
# the npm packages pinned in test/clients/node. It is idempotent, and quick when
# nothing is missing. It starts no service: none of the packages has one that is
# needed, and a policy-rc.d guard stands while apt runs.
#
#   scripts/deps.sh            install what is missing
#   scripts/deps.sh --check    print what is missing; exit 1 if anything is
set -eu

# command:package, sorted by what needs it. Only what a test really starts.
wanted='
curl:curl
mbsync:isync
offlineimap:offlineimap3
mutt:mutt
tmux:tmux
thunderbird:thunderbird
certutil:libnss3-tools
python3:python3
perl:perl
openssl:openssl
sslscan:sslscan
testssl:testssl.sh
strace:strace
unshare:util-linux
nsenter:util-linux
gsasl:gsasl
xz:xz-utils
'
# Packages without a program of their own: package:file that proves it is there.
files='
ca-certificates:/etc/ssl/certs/ca-certificates.crt
libsasl2-modules:/usr/lib/*/sasl2/libscram.so
libmail-imapclient-perl:/usr/share/perl5/Mail/IMAPClient.pm
libio-socket-ssl-perl:/usr/share/perl5/IO/Socket/SSL.pm
'

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
node_src=$root/test/clients/node
node_dir=$root/.cache/node

missing_packages() {
	for pair in $wanted; do
		command -v "${pair%%:*}" >/dev/null 2>&1 || echo "${pair#*:}"
	done
	for pair in $files; do
		set -- ${pair#*:}
		[ -e "$1" ] || echo "${pair%%:*}"
	done
	command -v node >/dev/null 2>&1 || echo nodejs
	command -v npm >/dev/null 2>&1 || echo npm
}

# The lock file that was installed is kept beside the modules; equal means done.
node_is_current() {
	[ -d "$node_dir/node_modules/imapflow" ] &&
		cmp -s "$node_src/package-lock.json" "$node_dir/package-lock.json"
}

missing=$(missing_packages)

if [ "${1:-}" = --check ]; then
	status=0
	if [ -n "$missing" ]; then
		echo "missing Debian packages:" $missing
		status=1
	fi
	if ! node_is_current; then
		echo "missing npm packages: see test/clients/node/package.json"
		status=1
	fi
	[ $status -eq 0 ] || echo "remedy: run scripts/deps.sh as root (make deps)"
	exit $status
fi

if [ -n "$missing" ]; then
	if ! command -v apt-get >/dev/null 2>&1; then
		echo "not a Debian system; install these yourself:" $missing >&2
		exit 1
	fi
	if [ "$(id -u)" -ne 0 ]; then
		echo "missing Debian packages:" $missing >&2
		echo "remedy: run scripts/deps.sh as root (make deps)" >&2
		exit 1
	fi
	guard=/usr/sbin/policy-rc.d
	if [ ! -e "$guard" ]; then
		printf '#!/bin/sh\nexit 101\n' >"$guard"
		chmod 755 "$guard"
		trap 'rm -f "$guard"' EXIT
		trap 'exit 1' HUP INT TERM
	fi
	echo "installing:" $missing
	export DEBIAN_FRONTEND=noninteractive
	apt-get -q -q update
	# shellcheck disable=SC2086 # a list of words is meant
	apt-get -q -q install -y --no-install-recommends $missing </dev/null
fi

if ! node_is_current; then
	echo "installing npm packages into .cache/node"
	rm -rf "$node_dir"
	mkdir -p "$node_dir"
	cp "$node_src/package.json" "$node_dir/"
	cp "$node_src/package-lock.json" "$node_dir/"
	if ! (cd "$node_dir" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error); then
		rm -rf "$node_dir"
		exit 1
	fi
fi

still=$(missing_packages)
if [ -n "$still" ]; then
	echo "still missing after the installation:" $still >&2
	exit 1
fi
