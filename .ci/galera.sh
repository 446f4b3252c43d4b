#!/usr/bin/env bash
# Three MariaDB Galera nodes on loopback: galera.sh start|stop|kill N. Each line that start prints is the URL of a node.
# Needs GALERA_DIR (a folder of its own) and GALERA_PORT (the first of a range of 60 free ports). Debian: mariadb-server, galera-4, rsync.
set -euo pipefail
: "${GALERA_DIR:?}" "${GALERA_PORT:?}"
HERE=$(cd "$(dirname "$0")" && pwd)
provider=/usr/lib/galera/libgalera_smm.so
# As root the state would be received by an account that may not write here: rsync gives up its rights.
user=(); [ "$(id -u)" != 0 ] || user=(--user=mysql)

ask() { mariadb --no-defaults -h127.0.0.1 -P"$((GALERA_PORT + $1))" -uapp -papp-local-only -N -e "$2" 2>/dev/null; }

# node N PEERS: starts one node and waits until it takes statements
node() {
  local folder=$GALERA_DIR/$1 group=$((GALERA_PORT + 10 + $1))
  mkdir -p "$folder"
  if [ ${#user[@]} != 0 ]; then chown mysql "$GALERA_DIR" "$folder"; fi
  if [ ! -d "$folder/data/mysql" ]; then
    mariadb-install-db --no-defaults "${user[@]}" --datadir="$folder/data" --skip-test-db >"$folder/log" 2>&1
  fi
  printf '%s\n' "CREATE DATABASE IF NOT EXISTS app;" "CREATE USER IF NOT EXISTS 'app'@'%' IDENTIFIED BY 'app-local-only';" \
    "GRANT ALL ON *.* TO 'app'@'%' WITH GRANT OPTION;" >"$folder/init.sql"
  # Only the first node has the account to make: the others get it with the state that it sends them.
  local init=(); [ -n "$2" ] || init=(--init-file="$folder/init.sql")
  setsid mariadbd --no-defaults "${user[@]}" --datadir="$folder/data" --port="$((GALERA_PORT + $1))" --bind-address=127.0.0.1 \
    --socket="$folder/server.sock" --pid-file="$folder/pid" --character-set-server=utf8mb4 --max-connections=300 "${init[@]}" \
    --max-allowed-packet=64M --innodb-buffer-pool-size=128M --binlog-format=ROW --innodb-autoinc-lock-mode=2 \
    --wsrep-on=ON --wsrep-provider="$provider" --wsrep-cluster-name=rehearsal --wsrep-cluster-address="gcomm://$2" \
    --wsrep-node-name="node$1" --wsrep-node-address="127.0.0.1:$group" --wsrep-sst-method=rsync \
    --wsrep-sst-receive-address="127.0.0.1:$((GALERA_PORT + 20 + $1))" \
    --wsrep-provider-options="gmcast.listen_addr=tcp://127.0.0.1:$group;ist.recv_addr=127.0.0.1:$((GALERA_PORT + 30 + $1));gcache.size=64M" \
    </dev/null >>"$folder/log" 2>&1 &
  for _ in $(seq 300); do
    if ask "$1" "SHOW STATUS LIKE 'wsrep_ready'" | grep -q ON; then return; fi
    sleep 0.2
  done
  tail -20 "$folder/log" >&2
  echo "galera: node $1 does not start" >&2
  exit 1
}

case ${1:-} in
  start)
    bash "$HERE/servers.sh" install galera >&2
    peers=""
    for n in 0 1 2; do
      node "$n" "$peers"
      peers=${peers:+$peers,}127.0.0.1:$((GALERA_PORT + 10 + n))
      echo "mysql://app:app-local-only@127.0.0.1:$((GALERA_PORT + n))/app"
    done ;;
  kill) kill -9 "$(cat "$GALERA_DIR/$2/pid")" ;;
  stop) for n in 2 1 0; do
      pid=$(cat "$GALERA_DIR/$n/pid" 2>/dev/null) || continue
      kill -9 "$pid" 2>/dev/null || true
    done ;;
  *) echo "usage: ${0##*/} start|stop|kill N" >&2; exit 2 ;;
esac
