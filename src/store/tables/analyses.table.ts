import { defineTable } from "../table.js";

/** One distinct analysis that was received for a session; the newest one's values also stand in the session. */
export interface AnalysisRow {
  sessionId: string;
  /** Content hash of the four result fields. */
  contentSha256: string;
  organizationId: string;
  /** The revision whose questions it answers. */
  revisionId: string;
  chatCompletionRating: string | null;
  chatSummary: string | null;
  userSentiment: string | null;
  customAnalysisData: string | null;
  /** The newest event that brought this content: its raw event, its envelope's created_at, its receipt. */
  eventId: string;
  eventCreatedAt: string | null;
  eventCreatedAtDecimals: number | null;
  receivedAt: string;
  /** Order key of that event. */
  source: string;
}

export const analyses = defineTable<AnalysisRow>({
  name: "analyses",
  columns: (types) => ({
    sessionId: types.uuid({ primary: true }),
    contentSha256: types.hash({ primary: true }),
    organizationId: types.uuid(),
    revisionId: types.hash(),
    chatCompletionRating: types.text(255, { nullable: true }),
    chatSummary: types.longText({ nullable: true }),
    userSentiment: types.text(255, { nullable: true }),
    customAnalysisData: types.longText({ nullable: true }),
    eventId: types.uuid(),
    eventCreatedAt: types.instant({ nullable: true }),
    eventCreatedAtDecimals: types.integer({ nullable: true }),
    receivedAt: types.instant(),
    source: types.ascii(100),
  }),
});
