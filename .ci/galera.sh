#!/usr/bin/env bash
# Three MariaDB Galera nodes on loopback: galera.sh start|stop|kill N|restart N. Each line that start prints
# is the URL of a node. Needs GALERA_DIR (a folder of its own) and GALERA_PORT (the first of a range of 60
# free ports). Debian: mariadb-server, galera-4, rsync.
set -euo pipefail
: "${GALERA_DIR:?}" "${GALERA_PORT:?}"
HERE=$(cd "$(dirname "$0")" && pwd)
provider=/usr/lib/galera/libgalera_smm.so
# As root the state would be received by an account that may not write here: rsync gives up its rights.
user=(); [ "$(id -u)" != 0 ] || user=(--user=mysql)

ask() { mariadb --no-defaults -h127.0.0.1 -P"$((GALERA_PORT + $1))" -uapp -papp-local-only -N -e "$2" 2>/dev/null; }
peers=127.0.0.1:$((GALERA_PORT + 10)),127.0.0.1:$((GALERA_PORT + 11)),127.0.0.1:$((GALERA_PORT + 12))

# prepare: the same data for all nodes, and the files by which Galera knows a cluster again whose nodes all
# went down at once: otherwise each further node would be sent the data, one after the other, which takes most
# of the time.
prepare() {
  local first=$GALERA_DIR/0 state=6f2f7a52-6d0b-4b7e-9e0c-0d6a3c8b7f10 n
  mkdir -p "$GALERA_DIR"/{0,1,2}
  if [ ${#user[@]} != 0 ]; then chown mysql "$GALERA_DIR" "$GALERA_DIR"/{0,1,2}; fi
  printf '%s\n' "FLUSH PRIVILEGES;" "CREATE DATABASE app;" "CREATE USER 'app'@'%' IDENTIFIED BY 'app-local-only';" \
    "GRANT ALL ON *.* TO 'app'@'%' WITH GRANT OPTION;" >"$GALERA_DIR/accounts.sql"
  mariadb-install-db --no-defaults "${user[@]}" --datadir="$first/data" --tmpdir="$first" --skip-test-db \
    --extra-file="$GALERA_DIR/accounts.sql" >"$first/log" 2>&1
  printf '%s\n' "# GALERA saved state" "version: 2.1" "uuid: $state" "seqno: 0" "safe_to_bootstrap: 0" >"$first/data/grastate.dat"
  for n in 1 2; do cp -a "$first/data" "$GALERA_DIR/$n/data"; done
  for n in 0 1 2; do
    printf '%s\n' "my_uuid: $(member "$n")" "#vwbeg" "view_id: 3 $(member 0) 1" "bootstrap: 0" "member: $(member 0) 0" \
      "member: $(member 1) 0" "member: $(member 2) 0" "#vwend" >"$GALERA_DIR/$n/data/gvwstate.dat"
    if [ ${#user[@]} != 0 ]; then chown mysql "$GALERA_DIR/$n/data"/g*.dat; fi
  done
}

member() { printf '%d1111111-1111-11ee-8111-111111111111' "$1"; }

# node N [OPTION...]: starts one node and waits until it takes statements
node() {
  local folder=$GALERA_DIR/$1 group=$((GALERA_PORT + 10 + $1))
  setsid mariadbd --no-defaults "${user[@]}" --datadir="$folder/data" --tmpdir="$folder" --port="$((GALERA_PORT + $1))" --bind-address=127.0.0.1 \
    --socket="$folder/server.sock" --pid-file="$folder/pid" --character-set-server=utf8mb4 --max-connections=300 \
    --max-allowed-packet=64M --innodb-buffer-pool-size=128M --binlog-format=ROW --innodb-autoinc-lock-mode=2 \
    --wsrep-on=ON --wsrep-provider="$provider" --wsrep-cluster-name=rehearsal --wsrep-cluster-address="gcomm://$peers" \
    --wsrep-node-name="node$1" --wsrep-node-address="127.0.0.1:$group" --wsrep-sst-method=rsync \
    --wsrep-sst-receive-address="127.0.0.1:$((GALERA_PORT + 20 + $1))" --wsrep-start-position="$(position "$1")" \
    --wsrep-provider-options="gmcast.listen_addr=tcp://127.0.0.1:$group;ist.recv_addr=127.0.0.1:$((GALERA_PORT + 30 + $1));gcache.size=64M" \
    </dev/null >>"$folder/log" 2>&1 &
  for _ in $(seq 300); do
    if (exec 3<>"/dev/tcp/127.0.0.1/$((GALERA_PORT + $1))") 2>/dev/null &&
      ask "$1" "SHOW STATUS LIKE 'wsrep_ready'" | grep -q ON; then return; fi
    sleep 0.2
  done
  tail -20 "$folder/log" >&2
  echo "galera: node $1 does not start" >&2
  exit 1
}

# position N: how far the node came before it was killed; with it the others send only what it lacks
position() {
  if grep -q "seqno: 0" "$GALERA_DIR/$1/data/grastate.dat"; then
    sed -n 's/^uuid: *//p' "$GALERA_DIR/$1/data/grastate.dat" | sed 's/$/:0/'
    return
  fi
  mariadbd --no-defaults "${user[@]}" --datadir="$GALERA_DIR/$1/data" --wsrep-recover --wsrep-on=ON \
    --wsrep-provider="$provider" --skip-networking --socket="$GALERA_DIR/$1/recover.sock" 2>&1 |
    sed -n 's/.*Recovered position: *//p' | tail -1
}

case ${1:-} in
  start)
    bash "$HERE/servers.sh" install galera >&2
    prepare
    jobs=()
    for n in 0 1 2; do node "$n" & jobs+=($!); done
    for job in "${jobs[@]}"; do wait "$job"; done
    for n in 0 1 2; do echo "mysql://app:app-local-only@127.0.0.1:$((GALERA_PORT + n))/app"; done ;;
  kill) kill -9 "$(cat "$GALERA_DIR/$2/pid")" ;;
  restart) node "$2" ;;
  stop) for n in 2 1 0; do
      pid=$(cat "$GALERA_DIR/$n/pid" 2>/dev/null) || continue
      kill -9 "$pid" 2>/dev/null || true
    done ;;
  *) echo "usage: ${0##*/} start|stop|kill N|restart N" >&2; exit 2 ;;
esac
