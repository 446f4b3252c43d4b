import { defineTable } from "../table.js";

/** One answer of a session's current analysis, typed for filters and statistics. */
export interface AnalysisAnswerRow {
  sessionId: string;
  /** Its place among the answers as received, from 0. */
  position: number;
  organizationId: string;
  name: string;
  /** How many spaces end the name: MySQL takes names for equal that differ in nothing else. */
  nameTrailingSpaces: number;
  /** The type that the revision's question of this name has; null where no question has it. */
  questionType: string | null;
  /** JSON type of the answer: string, number, boolean, null, array or object. */
  valueType: string;
  stringValue: string | null;
  /** The first 191 characters of `stringValue`: what an index can hold. */
  stringPrefix: string | null;
  numberValue: number | null;
  booleanValue: number | null;
}

export const analysisAnswers = defineTable<AnalysisAnswerRow>({
  name: "analysis_answers",
  columns: (types) => ({
    sessionId: types.uuid({ primary: true }),
    position: types.integer({ primary: true }),
    organizationId: types.uuid(),
    name: types.text(255),
    nameTrailingSpaces: types.integer({ default: 0 }),
    questionType: types.text(255, { nullable: true }),
    valueType: types.ascii(16),
    stringValue: types.longText({ nullable: true }),
    stringPrefix: types.text(191, { nullable: true }),
    numberValue: types.double({ nullable: true }),
    booleanValue: types.integer({ nullable: true }),
  }),
  indices: [
    // Of a scope's names each is looked up once, however many answers have it.
    { name: "ix_analysis_answers_name", columns: ["organizationId", "name", "nameTrailingSpaces"] },
    { name: "ix_analysis_answers_string", columns: ["name", "stringPrefix", "sessionId"] },
    { name: "ix_analysis_answers_number", columns: ["name", "numberValue", "sessionId"] },
    { name: "ix_analysis_answers_boolean", columns: ["name", "booleanValue", "sessionId"] },
  ],
});

/** The first 191 characters (code points) of a text: what an index can hold. */
export function textPrefix(text: string): string {
  return Array.from(text.slice(0, 382)).slice(0, 191).join("");
}
