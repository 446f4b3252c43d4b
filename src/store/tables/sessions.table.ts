import type { SessionFacts } from "../../events/session-payload.js";
import { defineTable } from "../table.js";

/** A session as all its events together tell it. Instants are DATETIME(6) text; the decimals they came with stand beside them. */
export interface SessionRow extends SessionFacts {
  readonly id: string;
  readonly organizationId: string;
  /** The greatest rank of its events: started 1, ended 2, analyzed 3. */
  readonly lifecycle: number;
  /** Bit set of the kinds received so far: started 1, ended 2, analyzed 4. */
  readonly kindsSeen: number;
  readonly startedAtDecimals: number | null;
  readonly endedAtDecimals: number | null;
  /** When the current analysis was received. */
  readonly analyzedAt: string | null;
  readonly messageCount: number;
  /** How many of them did not arrive: see events/delivery-status.ts. */
  readonly failedMessageCount: number;
  /** Receipt of the first event, and of the last that changed anything. */
  readonly createdAt: string;
  readonly updatedAt: string;
  /** Order keys of the merge: see events/merge.ts. */
  readonly source: string;
  readonly older: string | null;
  /** The order key of the revision that this session carries, comparable across sessions. */
  readonly revisionSource: string;
}

/**
 * What lists are sorted by, filtered by and counted by stands in the three indexes that lists walk. So whatever passes over many
 * sessions (statistics, counts, a rare value, another order) reads these, and not the rows, which hold whole transcripts: a tenth of the
 * bytes. MySQL's longest key (3,072 bytes) has room for two texts of 255 characters.
 */
const passedOver = [
  "endedAt",
  "analyzedAt",
  "createdAt",
  "updatedAt",
  "lifecycle",
  "agentVersionId",
  "messageCount",
  "failedMessageCount",
  "userSentiment",
  "chatCompletionRating",
] as const satisfies readonly (keyof SessionRow)[];

export const sessions = defineTable<SessionRow>({
  name: "sessions",
  columns: (types) => ({
    id: types.uuid({ primary: true }),
    organizationId: types.uuid(),
    conversationId: types.uuid(),
    agentId: types.uuid(),
    agentVersionId: types.uuid(),
    revisionId: types.hash(),
    lifecycle: types.integer(),
    kindsSeen: types.integer(),
    startedAt: types.instant({ nullable: true }),
    startedAtDecimals: types.integer({ nullable: true }),
    endedAt: types.instant({ nullable: true }),
    endedAtDecimals: types.integer({ nullable: true }),
    analyzedAt: types.instant({ nullable: true }),
    endedReason: types.text(255, { nullable: true }),
    chatCompletionRating: types.text(255, { nullable: true }),
    userSentiment: types.text(255, { nullable: true }),
    language: types.text(255, { nullable: true }),
    translationLanguage: types.text(255, { nullable: true }),
    messageCount: types.integer(),
    failedMessageCount: types.integer({ default: 0 }),
    createdAt: types.instant(),
    updatedAt: types.instant(),
    source: types.ascii(100),
    revisionSource: types.ascii(100),
    older: types.longText({ nullable: true }),
    chatSummary: types.longText({ nullable: true }),
    chatTranscript: types.longText({ nullable: true }),
    translatedChatTranscript: types.longText({ nullable: true }),
    customAnalysisData: types.longText({ nullable: true }),
  }),
  indices: [
    { name: "ix_sessions_started", columns: ["startedAt", "id", "organizationId", "agentId", ...passedOver] },
    {
      name: "ix_sessions_organization_started",
      columns: ["organizationId", "startedAt", "id", "agentId", ...passedOver],
    },
    {
      name: "ix_sessions_agent_started",
      columns: ["agentId", "startedAt", "id", "organizationId", ...passedOver],
    },
    { name: "ix_sessions_version_started", columns: ["agentVersionId", "startedAt", "id"] },
    { name: "ix_sessions_version_revision", columns: ["agentVersionId", "organizationId", "revisionSource"] },
    { name: "ix_sessions_conversation", columns: ["conversationId"] },
  ],
});
