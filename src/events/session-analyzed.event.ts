import { defineSessionEvent } from "./session-event.js";

/** Whippy has analyzed the session. May come again with other content: the newest stands, every distinct one stays in the history. */
export const sessionAnalyzed = defineSessionEvent({
  name: "conversation_agent_session.analyzed",
  kind: "ANALYZED",
  rank: 3,
  bringsAnalysis: true,
});
