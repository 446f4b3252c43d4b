#!/usr/bin/env bash
# The servers the tests run against: MariaDB, MySQL and Redis, each on 127.0.0.1 only, on a port and in a
# folder of its own, apart from any service of this machine. Missing packages are installed through apt-get
# (as root).
#
#   start  [NAME...]   start them (one that runs from this folder is left alone); prints MARIADB_URL=...,
#                      MYSQL_URL=..., REDIS_URL=...
#   stop   [NAME...]   end what this folder's pid files name, and nothing else
#   reset  [NAME...]   stop, and remove the data and the logs (the unpacked MySQL stays)
#   status [NAME...]   one line each; succeeds when all of them answer
#   kill9   NAME...    kill -9, for crash tests: the data stays as it is
#   restart NAME...    stop what runs, start again on the same data
#   install NAME...    only the packages; also of galera and haproxy, which galera.sh and group.sh start
#
# NAME: mariadb, mysql, redis; all three when none is given. Only the URLs (and status) go to stdout:
#   urls=$(bash .ci/servers.sh start); set -a; eval "$urls"; set +a
# Environment: SERVERS_DIR MARIADB_PORT MYSQL_PORT REDIS_PORT BUFFER_POOL SERVER_OPTIONS MYSQL_UNPACKED
# SERVER_OPTIONS: further options of mariadb and mysql, between spaces; they count when a server is started
# A set of servers of one's own: another SERVERS_DIR, other ports, and the same MYSQL_UNPACKED to save the
# download.
set -euo pipefail
exec 3>&1 1>&2

export LC_ALL=C PATH=$PATH:/usr/sbin:/sbin
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
SERVERS_DIR=${SERVERS_DIR:-${TMPDIR:-/tmp}/conversation-agent-api-servers}
MARIADB_PORT=${MARIADB_PORT:-13307} MYSQL_PORT=${MYSQL_PORT:-13306} REDIS_PORT=${REDIS_PORT:-16379}
PASSWORD=app-local-only
AS_USER=()
if [ "$(id -u)" = 0 ]; then AS_USER=(--user=root); fi

say() { printf 'servers: %3ds %s\n' "$SECONDS" "$*"; }
die() { say "$*"; exit 1; }
port_of() { local var=${1^^}_PORT; echo "${!var}"; }
port_open() { (exec 4<>"/dev/tcp/127.0.0.1/$(port_of "$1")") 2>/dev/null; }

# alive PID: one of its threads is neither a zombie nor dead. (A killed server may stay a zombie for long in a
# container, and `kill -0` succeeds on one.)
alive() {
  local states
  states=$(cat "/proc/$1/task"/*/status 2>/dev/null | grep '^State:' || true)
  [ -n "$states" ] && grep -qv '[ZX] (' <<<"$states"
}

# pid_of NAME: the process our pid file names, as long as that process was started with this very pid file
pid_of() {
  local file=$SERVERS_DIR/$1/run/pid pid
  pid=$(cat "$file" 2>/dev/null) && grep -qaF -- "$file" "/proc/${pid:-none}/cmdline" 2>/dev/null && echo "$pid"
}

# answers NAME: the right kind of server serves our user on that port
answers() {
  local client=(mariadb --no-defaults) version
  if [ "$1" = redis ]; then [ "$(timeout 5 redis-cli -h 127.0.0.1 -p "$REDIS_PORT" ping 2>/dev/null)" = PONG ]; return; fi
  if [ "$1" = mysql ] && [ -d "$MYSQL_UNPACKED/root" ]; then client=(bash "$HERE/start-mysql.sh" client); fi
  version=$(MYSQL_PWD=$PASSWORD timeout 5 "${client[@]}" --protocol=tcp --host=127.0.0.1 --port="$(port_of "$1")" --user=app \
    --connect-timeout=3 --batch --skip-column-names --execute='SELECT VERSION()' app 2>/dev/null) || return 1
  if [[ $version = *MariaDB* ]]; then [ "$1" = mariadb ]; else [ "$1" = mysql ]; fi
}

# Only what is missing. redis-server and mariadb-server bring services that must not be started: policy-rc.d
# says so meanwhile.
install_packages() (
  want=() policy=/usr/sbin/policy-rc.d
  for name; do
    case $name in
      mariadb) command -v mariadbd mariadb-install-db mariadb >/dev/null || want+=(mariadb-server-core mariadb-client-core)
        command -v openssl >/dev/null || want+=(openssl) ;;
      galera) [ -e /usr/lib/galera/libgalera_smm.so ] && command -v rsync wsrep_sst_rsync mariadbd >/dev/null ||
        want+=(galera-4 rsync mariadb-server) ;;
      haproxy) command -v haproxy >/dev/null || want+=(haproxy) ;;
      redis) command -v redis-server redis-cli >/dev/null || want+=(redis-server) ;;
    esac
  done
  if [ ${#want[@]} = 0 ]; then return; fi
  if [ "$(id -u)" != 0 ]; then die "not root: install these first: ${want[*]}"; fi
  say "installing ${want[*]}"
  if [ ! -e $policy ]; then trap 'rm -f "$policy"' EXIT; printf '#!/bin/sh\nexit 101\n' >$policy; chmod 755 $policy; fi
  apt=(env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3
    -o Acquire::http::Timeout=30 -o Acquire::https::Timeout=30)
  for try in 1 2 3; do
    if "${apt[@]}" update && "${apt[@]}" install -y --no-install-recommends "${want[@]}" >/dev/null; then return; fi
    say "apt-get failed, try $try of 3"
    sleep $((try * 3))
  done
  die "could not install ${want[*]}"
)

# certify NAME: a CA of the server's own and its certificate for localhost, so that clients can verify whom
# they reach
certify() (
  tls=$SERVERS_DIR/$1/tls
  if [ -d "$tls" ]; then return; fi
  rm -rf "$tls.new"
  mkdir -p "$tls.new"
  cd "$tls.new"
  key=(-newkey rsa:2048 -nodes -days 3650 -sha256)
  openssl req -x509 "${key[@]}" -subj "/CN=CA of the test servers" -keyout ca-key.pem -out ca.pem 2>/dev/null
  openssl req -x509 "${key[@]}" -subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1 \
    -addext basicConstraints=critical,CA:FALSE -CA ca.pem -CAkey ca-key.pem -keyout key.pem -out cert.pem 2>/dev/null
  mv "$tls.new" "$tls"
)

# spawn NAME COMMAND...: in the background, in a session of its own, holding none of our files
spawn() {
  local run=$SERVERS_DIR/$1/run
  (
    for fd in /proc/self/fd/*; do fd=${fd##*/}; if [ "$fd" -gt 2 ]; then exec {fd}>&-; fi; done
    cd /
    exec setsid "${@:2}" </dev/null >>"$run/log" 2>&1
  ) &
  echo $! >"$run/pid"
  port_of "$1" >"$run/port"
}

# launch NAME: make the data directory when there is none, and start the server on it
launch() {
  local run=$SERVERS_DIR/$1/run data=$SERVERS_DIR/$1/data tls=$SERVERS_DIR/$1/tls options further
  mkdir -p "$run/tmp"
  if [ "$1" = redis ]; then
    mkdir -p "$data"
    spawn redis redis-server --port "$REDIS_PORT" --bind 127.0.0.1 --dir "$data" --pidfile "$run/pid" \
      --set-proc-title no --save '' --appendonly no --daemonize no
    return
  fi
  certify "$1" || return
  printf '%s\n' "CREATE DATABASE IF NOT EXISTS app;" "CREATE USER IF NOT EXISTS 'app'@'%' IDENTIFIED BY '$PASSWORD';" \
    "GRANT ALL ON *.* TO 'app'@'%' WITH GRANT OPTION;" >"$run/init.sql"
  # The socket's name is relative to the data directory: an absolute one may be longer than the system allows.
  options=(--port="$(port_of "$1")" --bind-address=127.0.0.1 --socket=server.sock --pid-file="$run/pid" --tmpdir="$run/tmp"
    --secure-file-priv="$run/tmp" --init-file="$run/init.sql" --skip-name-resolve --max-connections=500
    --max-allowed-packet=64M --innodb-buffer-pool-size="${BUFFER_POOL:-512M}" --innodb-flush-log-at-trx-commit=1 --sync-binlog=1
    --ssl-ca="$tls/ca.pem" --ssl-cert="$tls/cert.pem" --ssl-key="$tls/key.pem")
  read -ra further <<<"${SERVER_OPTIONS:-}"
  options+=("${further[@]}")
  ulimit -Sn 65536 2>/dev/null || ulimit -Sn "$(ulimit -Hn)"
  if [ "$1" = mysql ]; then
    bash "$HERE/start-mysql.sh" init "$data" >>"$run/log" 2>&1 || return
    rm -f "$data/server.sock.lock" # left by a kill -9; MySQL would not start while its process is still a zombie
    spawn mysql bash "$HERE/start-mysql.sh" run "$data" "${options[@]}"
    return
  fi
  if [ ! -d "$data/mysql" ]; then
    rm -rf "$data" "$data.new"
    # A MariaDB that starts removes temporary tables from its folder for them: others' must not stand there.
    mariadb-install-db --no-defaults "${AS_USER[@]}" --datadir="$data.new" --tmpdir="$run" --force --skip-test-db \
      --auth-root-authentication-method=socket --auth-root-socket-user="$(id -un)" >"$run/init.log" 2>>"$run/log" || return
    mv "$data.new" "$data"
  fi
  spawn mariadb mariadbd --no-defaults "${AS_USER[@]}" --datadir="$data" --tmpdir="$run" \
    --character-set-server=utf8mb4 "${options[@]}"
}

start_one() {
  local name=$1 port run=$SERVERS_DIR/$1/run pid deadline
  port=$(port_of "$name")
  if [ "$name" = mysql ] && ! answers mysql && [ ! -d "$MYSQL_UNPACKED/root" ]; then
    say "mysql: downloading and unpacking"
    timeout 300 bash "$HERE/start-mysql.sh" unpack || die "mysql: could not be downloaded and unpacked"
  fi
  pid=$(pid_of "$name" || true)
  if [ -n "$pid" ] && answers "$name"; then say "$name: already running on port $port, pid $pid"; return; fi
  if [ -z "$pid" ]; then
    # Another folder's server has other data, and whoever started it may stop it.
    if port_open "$name"; then die "$name: port $port is taken by something else"; fi
    launch "$name" || { tail -n 25 "$run/log"; die "$name: could not be set up"; }
    pid=$(cat "$run/pid")
  elif [ "$(cat "$run/port")" != "$port" ]; then
    die "$name: this folder's server runs on port $(cat "$run/port"): stop it, or use another SERVERS_DIR"
  fi
  deadline=$((SECONDS + 120))
  until answers "$name"; do
    if ! alive "$pid" || [ $SECONDS -ge $deadline ]; then
      tail -n 25 "$run/log"
      die "$name: does not answer on port $port; above is the end of $run/log"
    fi
    sleep 0.1
  done
  say "$name: up on port $port, pid $pid"
}

end() { # NAME SIGNAL SECONDS: send the signal and wait until the process is gone
  local pid deadline=$((SECONDS + $3))
  pid=$(pid_of "$1") || return 0
  kill "-$2" "$pid" 2>/dev/null || true
  while alive "$pid"; do
    if [ $SECONDS -ge $deadline ]; then say "$1: pid $pid survives SIG$2"; return 1; fi
    sleep 0.05
  done
  rm -f "$SERVERS_DIR/$1/run/pid"
  say "$1: ended pid $pid with SIG$2"
}

start() {
  local name job jobs=() failed=0
  # MySQL's download does not wait for apt-get, nor the other way round.
  for name; do if [ "$name" = mysql ]; then start_one mysql & jobs+=($!); fi; done
  install_packages "$@"
  for name; do if [ "$name" != mysql ]; then start_one "$name" & jobs+=($!); fi; done
  for job in "${jobs[@]}"; do wait "$job" || failed=1; done
  if [ $failed = 1 ]; then die "not every server could be started"; fi
  for name; do
    case $name in
      redis) echo "REDIS_URL=redis://127.0.0.1:$REDIS_PORT" ;;
      *) echo "${name^^}_URL=mysql://app:$PASSWORD@127.0.0.1:$(port_of "$name")/app" ;;
    esac
  done >&3
}

status() {
  local name pid failed=0
  for name; do
    pid=$(pid_of "$name") || pid=''
    if answers "$name"; then echo "$name: answers on port $(port_of "$name"), ${pid:+pid }${pid:-not started from this folder}"
    else echo "$name: does not answer on port $(port_of "$name")${pid:+, but runs as pid $pid}"; failed=1; fi
  done >&3
  return $failed
}

command=${1:-} names=("${@:2}")
if [ "$command" = install ]; then install_packages "${names[@]}"; exit; fi
case $command in start | stop | reset | status) [ $# -gt 1 ] || names=(mariadb mysql redis) ;; kill9 | restart) ;; *) names=() ;; esac
for name in "${names[@]:-none}"; do
  case $name in mariadb | mysql | redis) ;; *) sed -n '2,/^set /{/^set /!s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}"; exit 2 ;; esac
done

mkdir -p "$SERVERS_DIR"
SERVERS_DIR=$(cd "$SERVERS_DIR" && pwd -P)
[[ $SERVERS_DIR != *[[:space:]]* ]] || die "mariadb-install-db cannot work in a folder with a space in its name: $SERVERS_DIR"
chmod 700 "$SERVERS_DIR" || die "$SERVERS_DIR belongs to somebody else"
export MYSQL_UNPACKED=${MYSQL_UNPACKED:-$SERVERS_DIR/mysql}
case $command in start | stop | reset | restart)
  exec 9>"$SERVERS_DIR/lock"
  flock -w 600 9 || die "another start, stop, reset or restart takes too long" ;;
esac

for name in "${names[@]}"; do
  if ! pid_of "$name" >/dev/null; then
    case $command in kill9 | restart)
      if [ "$command" = kill9 ] || port_open "$name"; then die "$name: no running one was started from $SERVERS_DIR"; fi ;;
    esac
  fi
  case $command in
    kill9) end "$name" KILL 10 ;;
    stop | reset | restart) end "$name" TERM 60 || end "$name" KILL 10 ;;
  esac
  if [ "$command" = reset ]; then rm -rf "$SERVERS_DIR/$name"/{data,data.new,run,tls}; fi
done
case $command in start | restart) start "${names[@]}" ;; status) status "${names[@]}" ;; esac
