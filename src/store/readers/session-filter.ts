import { storedHash, storedId } from "../../model/kinds.js";
import { Session } from "../../model/session.js";
import type { Dialect } from "../sql/dialect.js";
import { sqlite } from "../sql/sqlite.dialect.js";
import { wantedTerms } from "../search-terms.js";
import { agentVersionFilterFields } from "./agent-version.reader.js";
import { analysisFilterFields } from "./analysis.reader.js";
import {
  type SubqueryForm,
  type Comparator,
  compileComparator,
  type CompiledFilter,
  compileFilter,
  compileNested,
  demand,
  equals,
  exists,
  type Filter,
  type FilterField,
  type FilterFields,
  type FilterPlace,
  type FilterRelation,
  isFindable,
  isPresent,
  join,
  negate,
  readsOf,
  within,
} from "./filter.js";
import { refuseWithheld } from "./mask.js";
import { indexedOfMessages, messageFilterFields } from "./message.reader.js";
import { isOneOf, partiesOf } from "./parties.js";
import { shapeOf } from "./record.js";
import { type Scope, type SqlCondition, scopeCondition } from "./scope.js";

/**
 * The conditions on `sessions s` that keep within a scope, and a SessionFilter: the one definition for pages,
 * counts, statistics, subscriptions and exports.
 */
export function sessionConditions(
  scope: Scope,
  filter: object,
  options: { readonly dialect: Dialect; readonly form?: SubqueryForm },
): readonly [SqlCondition, CompiledFilter] {
  refuseWithheld(scope, filter);
  const compiled = compileFilter(filter, sessionFilterFields, "s", options);
  return [scopeCondition(scope, "s"), { ...compiled, sql: `(${compiled.sql})` }];
}

/**
 * Says what is wrong with a filter, which is the same on all databases.
 * @param isSearched whether words are found: the setting SEARCH
 * @throws BadInputError where it can ask for nothing
 * @throws ForbiddenError where it asks for what is withheld from the caller
 */
export function checkSessionFilter(scope: Scope, filter: object, isSearched: boolean): void {
  sessionConditions(scope, filter, { dialect: isSearched ? sqlite : unsearched, form: "each" });
}

const unsearched: Dialect = { ...sqlite, isSearched: false };

/** What sessions know themselves of their agent version: here an index serves. */
const versionFieldsOfSession: FilterFields = {
  id: { column: "agent_version_id", nullable: false, stored: storedId },
  agentId: { column: "agent_id", nullable: false, stored: storedId },
  organizationId: { column: "organization_id", nullable: false, stored: storedId },
  revisionId: compileRevisionId,
};

/**
 * Sessions have no index of their revisions: it is the one of their versions that finds those of a revision.
 */
function compileRevisionId(comparator: Comparator<string>, alias: string, place: FilterPlace): SqlCondition {
  const field: FilterField = { column: "revision_id", nullable: false, stored: storedHash };
  const carried = compileComparator(comparator, field, alias, place);
  if (!isPresent(comparator.eq)) return carried;
  const version = "SELECT fv.agent_version_id FROM agent_version_revisions fv WHERE fv.id = ?";
  const ofVersion = {
    sql: `${alias}.agent_version_id = (${version})`,
    parameters: [storedHash(comparator.eq)],
  };
  return join([carried, ofVersion], "AND");
}

/** The revision that the session carries matches. */
function compileAgentVersion(filter: object, alias: string, place: FilterPlace): SqlCondition {
  const entries = Object.entries(filter);
  const own = entries.filter(([name]) => name in versionFieldsOfSession);
  const others = entries.filter(([name, value]) => !(name in versionFieldsOfSession) && isPresent(value));
  const parts = [compileNested(Object.fromEntries(own), versionFieldsOfSession, alias, place)];
  if (others.length > 0) {
    const { sql, parameters } = compileNested(
      Object.fromEntries(others),
      agentVersionFilterFields,
      "fr",
      place,
    );
    // Few revisions are shared by all sessions, so this reads hardly anything.
    const subquery = `SELECT 1 FROM agent_version_revisions fr WHERE fr.id = ${alias}.revision_id AND (${sql})`;
    parts.push(exists({ sql: subquery, parameters }, 0, place));
  }
  return join(parts, "AND");
}

/** Rows of another table that hang on a session. */
interface HangingRows {
  /** What follows FROM, up to the conditions on the rows. */
  readonly from: (session: string) => string;
  readonly alias: string;
  readonly fields: FilterFields;
  /** The fields by which an index finds rows. */
  readonly indexed: readonly string[];
  readonly reads: number;
  /** The sessions whose rows a filter may match, where it tells by its values. */
  readonly within?: (filter: Filter, session: string) => SqlCondition | undefined;
}

const messagesOfSession: HangingRows = {
  from: (session) =>
    `session_messages fj JOIN messages fm ON fm.cluster_key = fj.message_key
     WHERE fj.session_key = ${session}.cluster_key`,
  alias: "fm",
  fields: messageFilterFields,
  indexed: indexedOfMessages,
  reads: readsOf.messages,
  within: sessionsOfParties,
};

/** All that a session's history serves: superseded analyses and the current one. */
const analysesOfSession: HangingRows = {
  from: (session) => `analyses fh WHERE fh.session_id = ${session}.id`,
  alias: "fh",
  fields: analysisFilterFields,
  indexed: ["id"],
  reads: readsOf.analysisHistory,
};

interface ToManyFilter {
  readonly some?: Filter | null;
  readonly every?: object | null;
  readonly none?: object | null;
}

/** What is asked of such rows. */
function toMany({ from, alias: row, fields, indexed, reads, within: among }: HangingRows): FilterRelation {
  return ({ some, every, none }: ToManyFilter, alias, place) => {
    const any = ({ sql, parameters }: SqlCondition, form: SubqueryForm): SqlCondition => {
      const subquery = `SELECT 1 FROM ${from(alias)} AND (${sql})`;
      return exists({ sql: subquery, parameters }, reads, { ...place, form });
    };
    const matching = (filter: object, name: string) =>
      compileNested(filter, fields, row, within(place, name));
    const parts: SqlCondition[] = [];
    if (isPresent(some)) {
      const matches = matching(some, "some");
      const form = isFindable(some, indexed) ? place.form : "each";
      const sessions = form === "each" && place.form === "all" ? among?.(some, alias) : undefined;
      parts.push(...(sessions === undefined ? [] : [sessions]), any(matches, form));
    }
    if (isPresent(every)) parts.push(negate(any(negate(matching(every, "every")), "each")));
    if (isPresent(none)) parts.push(negate(any(matching(none, "none"), "each")));
    return join(parts, "AND");
  };
}

/** The sessions that have one of the parties that a filter of messages names. */
function sessionsOfParties(filter: Filter, session: string): SqlCondition | undefined {
  const parties = partiesOf(filter);
  if (parties === undefined) return undefined;
  const { sql, parameters } = isOneOf(parties);
  return { sql: `${session}.id IN (SELECT p.session_id FROM session_parties p WHERE ${sql})`, parameters };
}

interface AnswerFilter {
  readonly name: string;
  readonly answered?: boolean | null;
  readonly type?: Comparator<unknown> | null;
  readonly string?: Comparator<unknown> | null;
  readonly number?: Comparator<unknown> | null;
  readonly boolean?: Comparator<unknown> | null;
}

/** How an answer's value is asked for. */
interface AnswerField extends FilterField {
  /** The columns before it in the index of values, which are null where it has a value. */
  readonly after?: readonly string[];
}

const answerFields: Readonly<Record<"type" | "string" | "number" | "boolean", AnswerField>> = {
  type: { column: "question_type", nullable: true, isText: true },
  string: { column: "string_value", nullable: true, isText: true, prefixColumn: "string_prefix" },
  number: { column: "number_value", nullable: true, after: ["string_prefix"] },
  boolean: {
    column: "boolean_value",
    nullable: true,
    stored: (value: boolean) => Number(value),
    after: ["string_prefix", "number_value"],
  },
};

const answerName: FilterField = { column: "name", nullable: false, isText: true };

function compileAnswers(answers: readonly AnswerFilter[], alias: string, place: FilterPlace): SqlCondition {
  return join(
    answers.map((answer, index) => compileAnswer(answer, alias, within(place, String(index)))),
    "AND",
  );
}

/**
 * The answer of that name, or none: what an answer lacks (another type's value, or everything) counts as no
 * value.
 */
function compileAnswer(answer: AnswerFilter, alias: string, place: FilterPlace): SqlCondition {
  demand(answer.name.length <= 255, `${place.path}.name`, "must have at most 255 characters");
  const some = (condition: SqlCondition): SqlCondition => {
    const named = equals("fa.name", answer.name, answerName, place.dialect);
    const sql = `SELECT 1 FROM analysis_answers fa WHERE fa.session_id = ${alias}.id AND ${named.sql} AND (${condition.sql})`;
    return exists({ sql, parameters: [...named.parameters, ...condition.parameters] }, readsOf.answer, place);
  };
  const parts: SqlCondition[] = [];
  if (isPresent(answer.answered)) {
    const answered = some({ sql: "fa.value_type <> 'null'", parameters: [] });
    parts.push(answer.answered ? answered : negate(answered));
  }
  for (const [name, field] of Object.entries(answerFields)) {
    const comparator = answer[name as keyof typeof answerFields];
    if (!isPresent(comparator)) continue;
    const matching = compileComparator(comparator, field, "fa", within(place, name));
    // Where no value at all would match, that no matching answer exists is not the question: that no other
    // one does.
    const others = (field.after ?? []).map((column) => ({ sql: `fa.${column} IS NULL`, parameters: [] }));
    parts.push(
      matchesNothing(comparator) ? negate(some(negate(matching))) : some(join([...others, matching], "AND")),
    );
  }
  return join(parts, "AND");
}

/** Whether a field without a value matches. */
function matchesNothing(comparator: Comparator<unknown>): boolean {
  return Object.entries(comparator).every(
    ([name, value]) =>
      !isPresent(value) || name === "neq" || name === "nin" || (name === "null" && value === true),
  );
}

/** Of a script without spaces each two neighbours are a word: a sentence has dozens. */
const mostWords = 64;

/** Each of the words begins some word of the session's texts, its messages' among them. */
function compileSearch(text: string, alias: string, place: FilterPlace): SqlCondition {
  demand(place.dialect.isSearched, place.path, "must not be used: this service has SEARCH=off");
  const terms = wantedTerms(text);
  demand(terms.length > 0, place.path, "must hold a letter or a digit");
  demand(
    terms.length <= mostWords,
    place.path,
    `must not hold more than ${mostWords} words (or characters of a script without spaces)`,
  );
  if (place.form === "each") {
    const all = terms.map(() => "INSTR(q.terms, ?) > 0").join(" AND ");
    const subquery = `SELECT 1 FROM session_terms q WHERE q.session_id = ${alias}.id AND ${all}`;
    return exists({ sql: subquery, parameters: terms.map((term) => ` ${term}`) }, readsOf.search, place);
  }
  const { sql, parameters } = place.dialect.fullTextMatch(terms);
  place.tally.reads += readsOf.search;
  // DISTINCT keeps the optimizers from asking the index anew for each session.
  return {
    sql: `${alias}.id IN (SELECT found.id FROM (SELECT DISTINCT q.session_id AS id FROM session_terms q WHERE ${sql}) found)`,
    parameters,
  };
}

const sessionFilterFields: FilterFields = {
  ...shapeOf(Session).filterFields,
  agentVersion: compileAgentVersion,
  messages: toMany(messagesOfSession),
  analysisHistory: toMany(analysesOfSession),
  answers: compileAnswers,
  search: compileSearch,
};
