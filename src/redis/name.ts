import { createHash } from "node:crypto";

/**
 * A name after the database's own key, so that services which share a Redis and not a database do not meet.
 */
export function redisName(what: string, databaseKey: string): string {
  const name = createHash("sha256").update(databaseKey).digest("hex").slice(0, 16);
  return `conversation-agent-api:${what}:${name}`;
}
