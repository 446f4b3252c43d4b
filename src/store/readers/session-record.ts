import { fromDatetime } from "../../events/instant.js";
import type { SessionRow } from "../tables/sessions.table.js";
import type { OrderTerm } from "./page.js";
import { type SessionStatus, statuses } from "./session-filter.js";

/** A session as it is served: instants in ISO 8601 as precise as received, JSON as values. Holds the fields that were asked for. */
export interface SessionRecord {
  readonly id: string;
  readonly organizationId: string;
  readonly conversationId: string;
  readonly agentId: string;
  readonly agentVersionId: string;
  readonly revisionId: string;
  readonly status: SessionStatus;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly analyzedAt: string | null;
  readonly endedReason: string | null;
  readonly chatCompletionRating: string | null;
  readonly chatSummary: string | null;
  readonly userSentiment: string | null;
  readonly language: string | null;
  readonly translationLanguage: string | null;
  readonly chatTranscript: string | null;
  readonly translatedChatTranscript: string | null;
  readonly customAnalysisData: unknown;
  /** See mask.ts. */
  readonly withheldAnswers?: ReadonlySet<string>;
  readonly messageCount: number;
  readonly failedMessageCount: number;
  readonly createdAt: string;
  readonly updatedAt: string;
  /** The stored values of the order's terms, for cursors. */
  readonly position: readonly (string | number | null)[];
}

export type SessionField = Exclude<keyof SessionRecord, "position" | "withheldAnswers">;

/** Which columns a field is made of, where they are not the one of its name. */
const columnsOf: Partial<Record<SessionField, readonly (keyof SessionRow)[]>> = {
  status: ["lifecycle"],
  startedAt: ["startedAt", "startedAtDecimals"],
  endedAt: ["endedAt", "endedAtDecimals"],
  // Which answers may be seen depends on the questions.
  customAnalysisData: ["customAnalysisData", "revisionId"],
};

/** The columns of a page: cursors are made of those that it is ordered by. */
export function columnsOfPage(
  order: readonly OrderTerm[],
  wanted: Iterable<SessionField>,
): Set<keyof SessionRow> {
  return columnsFor(
    wanted,
    order.map(({ property }) => property as keyof SessionRow),
  );
}

export function columnsFor(
  fields: Iterable<SessionField>,
  further: readonly (keyof SessionRow)[] = [],
): Set<keyof SessionRow> {
  const columns = new Set<keyof SessionRow>(further);
  for (const field of fields) {
    for (const column of columnsOf[field] ?? [field as keyof SessionRow]) columns.add(column);
  }
  return columns;
}

/** Receipt times are our own clock's, in milliseconds. */
const receiptDecimals = 3;

/** Turns the row itself into the record: copying each took as long as reading it. */
export function toRecord(
  row: SessionRow,
  fields: ReadonlySet<SessionField>,
  order: readonly OrderTerm[],
): SessionRecord {
  const record = row as unknown as Record<string, unknown>;
  record.position = order.map(({ property }) => row[property as keyof SessionRow]);
  const instants = (
    name: "startedAt" | "endedAt" | "analyzedAt" | "createdAt" | "updatedAt",
    decimals: number | null,
  ) => {
    const value = row[name];
    if (fields.has(name) && value !== null) record[name] = fromDatetime(value, decimals ?? 6);
  };
  instants("startedAt", row.startedAtDecimals);
  instants("endedAt", row.endedAtDecimals);
  instants("analyzedAt", receiptDecimals);
  instants("createdAt", receiptDecimals);
  instants("updatedAt", receiptDecimals);
  if (fields.has("status")) record.status = statuses[row.lifecycle - 1];
  if (fields.has("customAnalysisData") && row.customAnalysisData !== null) {
    record.customAnalysisData = JSON.parse(row.customAnalysisData);
  }
  return record as unknown as SessionRecord;
}
