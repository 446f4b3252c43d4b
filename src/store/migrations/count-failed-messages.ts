import type { QueryRunner } from "typeorm";

/** Counts the messages of each stored session that did not arrive: see events/delivery-status.ts. Stands being done again. */
export async function countFailedMessages(runner: QueryRunner): Promise<void> {
  await runner.query(`UPDATE sessions SET failed_message_count =
    (SELECT COUNT(*) FROM session_messages j JOIN messages m ON m.id = j.message_id
     WHERE j.session_id = sessions.id AND m.delivery_status IN ('failed', 'delivery_failed', 'sending_failed'))`);
}
