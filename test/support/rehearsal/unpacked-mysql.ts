import { tmpdir } from "node:os";
import path from "node:path";

/** Where `.ci/start-mysql.sh` unpacks MySQL; rehearsals share it, as it is 300 MB. */
export const MYSQL_UNPACKED =
  process.env.MYSQL_UNPACKED ?? path.join(tmpdir(), "conversation-agent-api-servers", "mysql");
