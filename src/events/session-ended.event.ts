import { SessionStatus } from "../model/session.js";
import { defineSessionEvent } from "./session-event.js";

/** The session is over: `ended_at` and `ended_reason` are known, the analysis not yet. */
export const sessionEnded = defineSessionEvent({
  name: "conversation_agent_session.ended",
  kind: "ENDED",
  description: "The session is over.",
  precedence: 20,
  status: SessionStatus.ENDED,
  seenBit: 2,
  bringsAnalysis: false,
});
