import { propertiesOf } from "../model/declare.js";
import { Session } from "../model/session.js";
import { type SessionRecord } from "../store/readers/session.reader.js";

/** The fields of an exported session, in the order of the CSV's columns; the answers follow them. */
export const exportedFields: readonly (keyof SessionRecord)[] = propertiesOf(Session)
  .filter(({ traits }) => traits.exported)
  .map(({ name }) => name as keyof SessionRecord);

/** What an answer's column is called. */
export const answerColumn = (name: string) => `analysis: ${name}`;

/** A session as an object of its exported fields. */
export function exported(session: SessionRecord): Record<string, unknown> {
  return Object.fromEntries(exportedFields.map((field) => [field, session[field]]));
}

/** A session's cells: its fields, then the answers to these questions. */
export function cells(session: SessionRecord, questions: readonly string[]): string[] {
  const { customAnalysisData: data } = session;
  const answers = new Map<string, unknown>(
    typeof data === "object" && data !== null && !Array.isArray(data) ? Object.entries(data) : [],
  );
  return [
    ...exportedFields.map((field) => session[field]),
    ...questions.map((name) => answers.get(name)),
  ].map((value) => safeCell(textOf(value)));
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

/**
 * What formulas begin with (OWASP's list, full-width forms too, and ASVS's NUL), also behind what nobody
 * sees.
 */
const formula = /^[\s\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]*[=+\-@＝＋－＠\t\r\n\0]/u;

/**
 * Spreadsheets run a cell that begins like a formula: an apostrophe before it makes it a text (OWASP's
 * advice). Numbers stay.
 */
export function safeCell(text: string): string {
  return formula.test(text) && !/^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(text) ? `'${text}` : text;
}
