import { SessionStatus } from "../model/session.js";
import { defineSessionEvent } from "./session-event.js";

/**
 * A conversation agent took up a conversation. May arrive late, full of nulls: its precedence keeps it from
 * erasing anything.
 */
export const sessionStarted = defineSessionEvent({
  name: "conversation_agent_session.started",
  kind: "STARTED",
  description: "An agent took up the conversation.",
  precedence: 10,
  status: SessionStatus.STARTED,
  seenBit: 1,
  bringsAnalysis: false,
});
