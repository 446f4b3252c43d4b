import { defineTable } from "../table.js";

/** That a snapshot of the session has listed the message. A message that a later snapshot lacks stays. */
export interface SessionMessageRow {
  sessionId: string;
  messageId: string;
  /** The smallest index at which any snapshot listed it, from 0. */
  position: number;
}

export const sessionMessages = defineTable<SessionMessageRow>({
  name: "session_messages",
  columns: (types) => ({
    sessionId: types.uuid({ primary: true }),
    messageId: types.uuid({ primary: true }),
    position: types.integer(),
  }),
  indices: [{ name: "ix_session_messages_message", columns: ["messageId"] }],
});
