#!/usr/bin/env bash
# Three members of a MySQL Group Replication group with a single primary, and HAProxy in front of them, on
# loopback: group.sh start|stop|kill N|restart N|primary. Each line that start prints is the URL of a member;
# the last one's address leads to the primary. primary prints the number of the member that is it. Needs
# GROUP_DIR (a folder of its own), GROUP_PORT (the first of a range of 60 free ports) and MYSQL_UNPACKED (see
# start-mysql.sh). MODE=multi makes every member a primary. Debian: haproxy.
set -euo pipefail
: "${GROUP_DIR:?}" "${GROUP_PORT:?}" "${MYSQL_UNPACKED:?}"
export MYSQL_UNPACKED PATH=$PATH:/usr/sbin
HERE=$(cd "$(dirname "$0")" && pwd)
PASSWORD=app-local-only
single=ON; if [ "${MODE:-single}" = multi ]; then single=OFF; fi
seeds=127.0.0.1:$((GROUP_PORT + 10)),127.0.0.1:$((GROUP_PORT + 11)),127.0.0.1:$((GROUP_PORT + 12))

ask() { # N STATEMENTS
  MYSQL_PWD=$PASSWORD timeout 60 bash "$HERE/start-mysql.sh" client --protocol=tcp --host=127.0.0.1 --port=$((GROUP_PORT + $1)) \
    --user=app --connect-timeout=3 --batch --skip-column-names --execute="$2" 2>>"$GROUP_DIR/$1/client.log"
}

# launch N OPTION...: the server, not yet a member; nobody but the group may write to it
launch() {
  local folder=$GROUP_DIR/$1
  rm -f "$folder/data/server.sock.lock"
  setsid bash "$HERE/start-mysql.sh" run "$folder/data" --port=$((GROUP_PORT + $1)) --bind-address=127.0.0.1 \
    --socket=server.sock --pid-file="$folder/pid" --skip-name-resolve --max-connections=300 --server-id=$((1 + $1)) \
    --max-allowed-packet=64M --innodb-buffer-pool-size=128M --gtid-mode=ON --enforce-gtid-consistency=ON --log-bin \
    --secure-file-priv=NULL --report-host=127.0.0.1 --plugin-load-add=group_replication.so \
    --group-replication-group-name=6f2f7a52-6d0b-4b7e-9e0c-0d6a3c8b7f10 --group-replication-start-on-boot=OFF \
    --group-replication-local-address=127.0.0.1:$((GROUP_PORT + 10 + $1)) --group-replication-group-seeds="$seeds" \
    --group-replication-single-primary-mode=$single --group-replication-recovery-get-public-key=ON \
    --group-replication-enforce-update-everywhere-checks=$([ $single = ON ] && echo OFF || echo ON) \
    --group-replication-member-expel-timeout=1 "${@:2}" </dev/null >>"$folder/log" 2>&1 &
  for _ in $(seq 300); do
    if ask "$1" "SELECT 1" | grep -q 1; then return; fi
    sleep 0.2
  done
  tail -20 "$folder/log" >&2
  echo "group: member $1 does not start" >&2
  exit 1
}

join() { # N [bootstrap]
  local start="START GROUP_REPLICATION USER='app', PASSWORD='$PASSWORD'"
  if [ "${2:-}" = bootstrap ]; then
    ask "$1" "SET GLOBAL group_replication_bootstrap_group = ON; $start; SET GLOBAL group_replication_bootstrap_group = OFF"
  else
    ask "$1" "$start"
  fi
  for _ in $(seq 300); do
    if ask "$1" "SELECT member_state FROM performance_schema.replication_group_members WHERE member_id = @@server_uuid" |
      grep -q ONLINE; then return; fi
    sleep 0.2
  done
  tail -20 "$GROUP_DIR/$1/log" >&2
  echo "group: member $1 does not join" >&2
  exit 1
}

proxy() {
  local folder=$GROUP_DIR/proxy
  mkdir -p "$folder"
  cp "$HERE/../examples/group-replication/"{haproxy.cfg,is-primary.sh} "$folder"
  # HAProxy gives its checks no environment, and the unpacked client reads no file.
  printf '#!/bin/sh\nshift; export MYSQL_UNPACKED=%s MYSQL_PWD=%s; exec bash %s client --user=app "$@"\n' \
    "$MYSQL_UNPACKED" "$PASSWORD" "$HERE/start-mysql.sh" >"$folder/mysql"
  chmod +x "$folder/mysql"
  ADDRESS=127.0.0.1:$((GROUP_PORT + 9)) CHECK=$folder/is-primary.sh CHECK_PATH=$folder:/usr/bin:/bin \
    NODE0=127.0.0.1:$GROUP_PORT NODE1=127.0.0.1:$((GROUP_PORT + 1)) NODE2=127.0.0.1:$((GROUP_PORT + 2)) \
    setsid haproxy -db -f "$folder/haproxy.cfg" </dev/null >>"$folder/log" 2>&1 &
  echo $! >"$folder/pid"
  for _ in $(seq 100); do
    if ask 9 "SELECT 1" | grep -q 1; then return; fi
    sleep 0.2
  done
  cat "$folder/log" >&2
  echo "group: the address leads nowhere" >&2
  exit 1
}

case ${1:-} in
  start)
    bash "$HERE/servers.sh" install haproxy >&2
    bash "$HERE/start-mysql.sh" unpack >&2
    mkdir -p "$GROUP_DIR/9"
    # Each has the account by itself, so it is not replicated.
    printf '%s\n' "SET SQL_LOG_BIN = 0;" "CREATE DATABASE IF NOT EXISTS app;" \
      "CREATE USER IF NOT EXISTS 'app'@'%' IDENTIFIED BY '$PASSWORD';" "GRANT ALL ON *.* TO 'app'@'%' WITH GRANT OPTION;" \
      >"$GROUP_DIR/init.sql"
    # One makes the data that all begin with, which takes longer than to copy it; each makes its own
    # server_uuid.
    mkdir -p "$GROUP_DIR"/{0,1,2}
    bash "$HERE/start-mysql.sh" init "$GROUP_DIR/0/data" >>"$GROUP_DIR/0/log" 2>&1
    rm -f "$GROUP_DIR/0/data/auto.cnf"
    for n in 1 2; do cp -a "$GROUP_DIR/0/data" "$GROUP_DIR/$n/data"; done
    jobs=()
    for n in 0 1 2; do launch "$n" --init-file="$GROUP_DIR/init.sql" & jobs+=($!); done
    for job in "${jobs[@]}"; do wait "$job"; done
    join 0 bootstrap
    join 1
    join 2
    proxy
    for n in 0 1 2 9; do echo "mysql://app:$PASSWORD@127.0.0.1:$((GROUP_PORT + n))/app"; done ;;
  kill) kill -9 "$(cat "$GROUP_DIR/$2/pid")" ;;
  restart)
    launch "$2" --super-read-only=ON
    join "$2" ;;
  primary)
    for n in 0 1 2; do
      if [ "$(ask "$n" "SELECT member_role FROM performance_schema.replication_group_members
        WHERE member_id = @@server_uuid AND member_state = 'ONLINE'" || true)" = PRIMARY ]; then echo "$n"; break; fi
    done ;;
  stop) for n in proxy 2 1 0; do
      pid=$(cat "$GROUP_DIR/$n/pid" 2>/dev/null) || continue
      kill -9 "$pid" 2>/dev/null || true
    done ;;
  *) echo "usage: ${0##*/} start|stop|kill N|restart N|primary" >&2; exit 2 ;;
esac
