#!/usr/bin/env bash
# Real MySQL for the tests, without installing anything: Debian ships it in sid only, so the packages of sid
# are downloaded from the mirror this machine already uses, unpacked into a folder of their own, and run by
# sid's own loader and libraries. For tests only, never for users. servers.sh looks after the process, its
# port and its log.
#
#   unpack                     download and unpack, unless that is done already
#   init DATADIR               make an empty data directory, unless there is one
#   run DATADIR OPTION...      become the server (stays in the foreground, keeps the process id)
#   client OPTION...           become the mysql client
#
# Environment: MYSQL_UNPACKED, the folder for the unpacked packages (about 300 MB).
set -euo pipefail

BASE=${MYSQL_UNPACKED:?set MYSQL_UNPACKED to a folder}
ROOT=$BASE/root
AS_USER=()
if [ "$(id -u)" = 0 ]; then AS_USER=(--user=root); fi

# The URI of the machine's own Debian archive (not the security one), whatever the format of its apt sources.
# shellcheck disable=SC2016 # apt-get expands these $(...)
debian_mirror() {
  local mirror
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' | sed -n 1p)
  if [ -z "$mirror" ]; then # no package lists downloaded yet: go by the names of the suites
    mirror=$(apt-get indextargets --no-release-info --format '$(RELEASE) $(REPO_URI)' 'Created-By: Packages' |
      awk '$1 !~ /security/ && $2 ~ /debian/ && $2 !~ /security/ && !n++ { print $2 }')
  fi
  if [ -z "$mirror" ]; then echo "no Debian archive in this machine's apt sources" >&2; return 1; fi
  printf '%s\n' "$mirror"
}

# A private apt: the machine's own lists, package status and locks are left alone.
write_apt_config() {
  local apt=$1 mirror=$2 keyring=/usr/share/keyrings/debian-archive-keyring.gpg signed=''
  if [ -f "$keyring" ]; then signed="[signed-by=$keyring] "; fi
  mkdir -p "$apt"/{lists/partial,archives/partial,none}
  printf 'deb %s%s sid main\n' "$signed" "$mirror" >"$apt/sources.list"
  # The server package depends on perl, for scripts that are of no use here: 9 MB less to download.
  printf 'Package: perl\nStatus: install ok installed\nArchitecture: %s\nMulti-Arch: allowed\nVersion: 99\nMaintainer: none\nDescription: none\n' \
    "$(dpkg --print-architecture)" >"$apt/status"
  cat >"$apt/apt.conf" <<EOF
Dir::State "$apt"; Dir::State::lists "$apt/lists"; Dir::State::status "$apt/status"; Dir::Cache "$apt";
Dir::Etc::sourcelist "$apt/sources.list"; Dir::Etc::sourceparts "$apt/none";
Dir::Etc::preferences "/dev/null"; Dir::Etc::preferencesparts "$apt/none";
APT::Sandbox::User ""; Acquire::Languages "none"; Acquire::Retries "3"; Acquire::http::Timeout "30"; Acquire::https::Timeout "30";
EOF
}

# Every package the server and the client need, as sid's own dependencies have it, so that a library's next
# version needs no change here. Downloaded only: nothing is installed and no package script runs.
download() {
  local apt=$1 try
  for try in 1 2 3; do
    if APT_CONFIG=$apt/apt.conf apt-get -qq update &&
      APT_CONFIG=$apt/apt.conf apt-get -qq -y --no-install-recommends --download-only -o Debug::NoLocking=1 \
        install mysql-server-core mysql-client-core; then return; fi
    if [ "$try" -lt 3 ]; then sleep $((try * 5)); fi
  done
  return 1
}

unpack() {
  mkdir -p "$BASE"
  exec 8>"$BASE/lock" # two that start at once download it once
  flock 8
  if [ -x "$ROOT/usr/sbin/mysqld" ]; then return; fi
  local apt=$BASE/apt mirror deb
  rm -rf "$apt" "$ROOT.new"
  mkdir -p "$apt" "$ROOT.new"
  mirror=$(debian_mirror)
  write_apt_config "$apt" "$mirror"
  download "$apt"
  for deb in "$apt"/archives/*.deb; do dpkg-deb -x "$deb" "$ROOT.new"; done
  rm -rf "$apt" "$ROOT"
  mv "$ROOT.new" "$ROOT" # at the very end: an interrupted download is not mistaken for a finished one
}

# become PROGRAM ARGUMENT...: a program of the unpacked tree, in place of this shell
become() {
  local lib loader program=$1
  lib=$(echo "$ROOT"/usr/lib/*-linux-gnu*)
  loader=$(find "$lib" "$ROOT/usr/lib" -maxdepth 1 -name 'ld-linux*.so.*' -print -quit)
  export OPENSSL_CONF=/dev/null # the machine's own one is for another version
  exec "$loader" --library-path "$lib" "$ROOT/usr/$program" --no-defaults "${@:2}"
}

server() { # DATADIR OPTION...
  become sbin/mysqld "${AS_USER[@]}" --basedir="$ROOT/usr" --plugin-dir="$ROOT/usr/lib/mysql/plugin" \
    --lc-messages-dir="$ROOT/usr/share/mysql" --character-sets-dir="$ROOT/usr/share/mysql/charsets" \
    --datadir="$1" --mysqlx=OFF "${@:2}"
}

init() { # DATADIR
  if [ -d "$1/mysql" ]; then return; fi
  rm -rf "$1" "$1.new"
  (server "$1.new" --initialize-insecure)
  mv "$1.new" "$1"
}

case ${1:-} in
  unpack) unpack ;;
  init) init "${2:?the data directory}" ;;
  run) server "${2:?the data directory}" "${@:3}" ;;
  client) become bin/mysql "${@:2}" ;;
  *) echo "usage: ${0##*/} unpack | init DATADIR | run DATADIR OPTION... | client OPTION..." >&2; exit 2 ;;
esac
