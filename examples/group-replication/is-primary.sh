#!/bin/sh
# Exits with 0 where a member is the primary of a majority that is online. HAProxy gives the address and port
# of the member as the third and fourth word. client.cnf beside this file has the account in its section
# [client]; it needs SELECT on performance_schema.replication_group_members, and nothing else.
set -eu
answer=$(mysql --defaults-extra-file="$(dirname "$0")/client.cnf" --protocol=tcp --connect-timeout=2 \
  --host="$3" --port="$4" --batch --skip-column-names --execute="
    SELECT SUM(member_id = @@server_uuid AND member_role = 'PRIMARY' AND member_state = 'ONLINE') = 1
      AND SUM(member_state = 'ONLINE') * 2 > COUNT(*) FROM performance_schema.replication_group_members")
[ "$answer" = 1 ]
