import { SessionStatus } from "../model/session.js";
import { defineSessionEvent } from "./session-event.js";

/**
 * Whippy has analyzed the session. May come again with other content: the newest stands, every distinct one
 * stays in the history.
 */
export const sessionAnalyzed = defineSessionEvent({
  name: "conversation_agent_session.analyzed",
  kind: "ANALYZED",
  description: "Its analysis arrived, or came again with other content.",
  precedence: 30,
  status: SessionStatus.ANALYZED,
  seenBit: 4,
  bringsAnalysis: true,
});
