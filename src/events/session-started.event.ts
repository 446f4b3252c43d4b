import { defineSessionEvent } from "./session-event.js";

/** A conversation agent took up a conversation. May arrive late, full of nulls: its rank keeps it from erasing anything. */
export const sessionStarted = defineSessionEvent({
  name: "conversation_agent_session.started",
  kind: "STARTED",
  rank: 1,
  bringsAnalysis: false,
});
