import fc, { type Arbitrary } from "fast-check";
import type { ClassType } from "type-graphql";
import { AgentVersion } from "../../src/model/agent-version.js";
import { Analysis } from "../../src/model/analysis.js";
import type { ComparatorName, Kind as DeclaredKind } from "../../src/model/kinds.js";
import { Message } from "../../src/model/message.js";
import { Session } from "../../src/model/session.js";
import { comparedFields } from "./declared-fields.js";
import { carriedVersion, type ServedSession } from "./reference-filter.js";

type Row = Readonly<Record<string, unknown>>;
type Filter = Readonly<Record<string, unknown>>;

/** Random filters over these sessions: values are theirs, nearly theirs, or nobody's. */
export function filterArbitrary(sessions: readonly ServedSession[]): Arbitrary<Filter> {
  const messages = sessions.flatMap(({ messages: { nodes } }) => nodes);
  const versions = sessions.map(carriedVersion);
  const versionFilter = combined(comparators(versions, kindsOf(AgentVersion)));
  const messageFilter = combined(comparators(messages, kindsOf(Message)));
  const messagesFilter = someOf({ some: messageFilter, every: messageFilter, none: messageFilter }, 3);
  const analyses = sessions.flatMap(({ analysisHistory }) => analysisHistory);
  const analysisFilter = combined(comparators(analyses, { id: "hashed", ...kindsOf(Analysis) }), [
    "id",
    "revisionId",
  ]);
  const historyFilter = someOf({ some: analysisFilter, every: analysisFilter, none: analysisFilter }, 3);
  const far = {
    agentVersion: versionFilter,
    messages: messagesFilter,
    analysisHistory: historyFilter,
    answers: fc.array(answerFilter(sessions), { minLength: 1, maxLength: 2 }),
    search: searchText(sessions),
  };
  return combined({ ...comparators(sessions, kindsOf(Session)), ...far }, Object.keys(far));
}

/** The fields of a declared class that filters know, and how their values are made. */
function kindsOf(type: ClassType): Record<string, Kind> {
  return Object.fromEntries(comparedFields(type).map(({ name, kind }) => [name, kindOf(kind)]));
}

function kindOf({ comparator, column }: DeclaredKind): Kind {
  if (comparator !== undefined && comparator !== "ID") return byComparator[comparator];
  return column.type === "bigint" ? "number" : column.type === "hash" ? "hash" : "id";
}

const byComparator: Readonly<Record<Exclude<ComparatorName, "ID">, Kind>> = {
  String: "text",
  DateTime: "order",
  Int: "order",
  Float: "order",
  Boolean: "flag",
  SessionStatus: "status",
  WebhookEventStatus: "status",
  ExpectationKind: "status",
};

/** `hashed` is an id of a session and a hash; `number` an id that is an integer. */
type Kind = "id" | "number" | "hash" | "hashed" | "status" | "order" | "text" | "flag";

function comparators(
  rows: readonly Row[],
  fields: Readonly<Record<string, Kind>>,
): Record<string, Arbitrary<unknown>> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, kind]) => [name, comparator(valuesOf(rows, name), kind)]),
  );
}

function valuesOf(rows: readonly Row[], name: string): unknown[] {
  return [...new Set(rows.map((row) => row[name]))].filter((value) => value !== null && value !== undefined);
}

function comparator(values: readonly unknown[], kind: Kind): Arbitrary<Filter> {
  const theirs = values.length === 0 ? undefined : fc.constantFrom(...values);
  const strange: Readonly<Record<Kind, Arbitrary<unknown>>> = {
    id: fc.constantFrom("00000000-0000-4000-8000-000000000000", "no id", "é"),
    hash: fc.constantFrom("0".repeat(64), "no hash", `${"a".repeat(63)}é`, ""),
    hashed: fc.oneof(
      fc.constantFrom(`00000000-0000-4000-8000-000000000000:${"0".repeat(64)}`, "no id", ":", "é"),
      (theirs ?? fc.constant("")).map((id) => `${String(id).slice(0, 37)}${"0".repeat(64)}`),
    ),
    number: fc.constantFrom("0", "08", "8.0", "-0", "9007199254740993", "1e30", "no id", "é", ""),
    status: fc.constant("ENDED"),
    order: theirs ?? fc.constant(1),
    text: fc.constantFrom("", " ", "Job", "job", "é", "😀", "%", "_", "\\", "'"),
    flag: fc.boolean(),
  };
  const value =
    theirs === undefined ? strange[kind] : fc.oneof({ weight: 4, arbitrary: theirs }, strange[kind]);
  const asked =
    kind === "text"
      ? fc.oneof({ weight: 3, arbitrary: value }, value.map(varied))
      : kind === "id" || kind === "hash" || kind === "hashed"
        ? fc.oneof(
            { weight: 3, arbitrary: value },
            value.map((id) => String(id).toUpperCase()),
          )
        : value;
  const operators: Record<string, Arbitrary<unknown>> = {
    eq: asked,
    neq: asked,
    in: fc.array(asked, { minLength: 1, maxLength: 3 }),
    nin: fc.array(asked, { minLength: 1, maxLength: 3 }),
    null: fc.boolean(),
  };
  if (kind === "order") for (const name of ["gt", "gte", "lt", "lte"]) operators[name] = value;
  if (kind === "text")
    for (const name of ["contains", "startsWith"])
      operators[name] = value.chain(partOf).filter((part) => part !== "");
  if (kind === "text") {
    const short = fc.oneof(value, asked).map((text) => Array.from(String(text)).slice(0, 255).join(""));
    operators.eqIgnoreCase = short.chain(inOtherCase);
    operators.containsIgnoreCase = value
      .chain(partOf)
      .filter((part) => part !== "")
      .chain(inOtherCase);
  }
  return someOf(operators, 2);
}

/** The same letters in some case. */
function inOtherCase(text: string): Arbitrary<string> {
  return fc.constantFrom(text, text.toUpperCase(), text.toLowerCase(), text.replace(/[ks]/gi, kelvinOrLong));
}

/** Letters that have a third spelling. */
function kelvinOrLong(letter: string): string {
  return /k/i.test(letter) ? "\u212a" : "\u017f";
}

/** Nearly the text: what careless comparisons take for the same. */
function varied(text: unknown): string {
  const all = [`${String(text)} `, String(text).toUpperCase(), String(text).trimEnd()];
  return all[String(text).length % 3] ?? "";
}

function partOf(text: unknown): Arbitrary<string> {
  const characters = Array.from(String(text));
  return fc
    .tuple(fc.nat(characters.length), fc.nat(12), fc.boolean())
    .map(([start, length, fromStart]) =>
      (fromStart ? characters.slice(0, length) : characters.slice(start, start + length)).join(""),
    );
}

/**
 * Starts from an answer that a session has, so that questions which few sessions answer are asked for as
 * often as others.
 */
function answerFilter(sessions: readonly ServedSession[]): Arbitrary<Filter> {
  const answersOf = ({ customAnalysisData: data }: ServedSession): [string, unknown][] =>
    typeof data === "object" && data !== null ? Object.entries(data) : [];
  const all = sessions.flatMap(answersOf);
  const answered = sessions.map(answersOf).filter((answers) => answers.length > 0);
  const questions = sessions.flatMap(({ agentVersionRevision }) => agentVersionRevision.questions);
  const types = valuesOf(questions, "type");
  const anAnswer = fc.constantFrom(...answered).chain((answers) => fc.constantFrom(...answers));
  return fc
    .oneof({ weight: 9, arbitrary: anAnswer }, fc.constant(["No such question", ""] as [string, unknown]))
    .chain(([name, own]) => {
      const values = all.filter(([other]) => other === name).map(([, value]) => value);
      // Its own value half of the time, else one that the question has elsewhere.
      const ofType = (type: string) => {
        const others = [...new Set(values.filter((value) => typeof value === type))];
        return typeof own === type ? [...others, ...others.map(() => own)] : others;
      };
      const ownTypes = valuesOf(
        questions.filter((question) => question.name === name),
        "type",
      );
      const typed: Record<string, Arbitrary<unknown>> = {
        answered: fc.boolean(),
        type: comparator([...types, ...ownTypes, ...ownTypes], "text"),
        string: comparator(ofType("string"), "text"),
        number: comparator([...ofType("number"), 0], "order"),
        boolean: comparator([true, false], "flag"),
      };
      const likely = (typeof own) in typed ? typeof own : "answered";
      const one = fc.record({ [likely]: typed[likely] ?? fc.constant(true) });
      return fc
        .oneof({ weight: 2, arbitrary: one }, someOf(typed, 2, ["type"]))
        .map((asked): Filter => ({ name, ...asked }));
    });
}

/** Words of a session's texts, whole, cut short, in other case; several of one text, or of two. */
function searchText(sessions: readonly ServedSession[]): Arbitrary<string> {
  const wordsOf = (text: unknown) => (typeof text === "string" ? (text.match(/[\p{L}\p{N}]+/gu) ?? []) : []);
  const texts = sessions
    .map(({ chatTranscript, chatSummary, messages: { nodes } }) =>
      [chatTranscript, chatSummary, ...nodes.map(({ body }) => body)]
        .map(wordsOf)
        .filter((words) => words.length > 0),
    )
    .filter((all) => all.length > 0);
  const word = (words: readonly string[]) =>
    fc.tuple(fc.constantFrom(...words), fc.nat(6), fc.boolean()).map(([whole, length, upper]) => {
      // Scripts without spaces have long runs, of which each two characters count as a word; a search has its
      // bounds.
      const longest = /^[\p{Script=Latin}\p{N}]+$/u.test(whole) ? whole.length : 4;
      const cut = Array.from(whole)
        .slice(0, length === 0 ? longest : Math.min(length, longest))
        .join("");
      return upper ? cut.toUpperCase() : cut;
    });
  const some = fc
    .constantFrom(...texts)
    .chain((all) => fc.constantFrom(...all))
    .chain((words) => fc.array(word(words), { minLength: 1, maxLength: 2 }));
  return fc
    .oneof(
      { weight: 3, arbitrary: some },
      fc.tuple(some, some).map((both) => both.flat()),
    )
    .map((all) => all.join(" "));
}

/**
 * Mostly one of the fields; seldom several, as few sessions match what asks much.
 * @param frequent fields that are chosen more often than the others
 */
function someOf(
  fields: Record<string, Arbitrary<unknown>>,
  most: number,
  frequent: readonly string[] = [],
): Arbitrary<Filter> {
  const names = Object.keys(fields);
  const several = fc.subarray(names, { minLength: 1, maxLength: Math.min(most, names.length) });
  const one = fc.constantFrom(...names, ...Array<readonly string[]>(3).fill(frequent).flat());
  return fc
    .oneof({ weight: 3, arbitrary: one.map((name) => [name]) }, several)
    .chain((chosen) =>
      fc.record(Object.fromEntries(chosen.map((name) => [name, fields[name] ?? fc.constant(null)]))),
    );
}

/** One or two fields at a level, and combinations of such filters. */
function combined(
  fields: Record<string, Arbitrary<unknown>>,
  frequent: readonly string[] = [],
): Arbitrary<Filter> {
  const simple = someOf(fields, 2, frequent);
  const nested = fc.oneof(
    { weight: 2, arbitrary: simple },
    fc.record({ not: simple }),
    fc.record({ and: fc.array(simple, { minLength: 1, maxLength: 3 }) }),
    fc.record({ or: fc.array(simple, { minLength: 1, maxLength: 3 }) }),
  );
  return fc.oneof(
    { weight: 3, arbitrary: simple },
    { weight: 2, arbitrary: nested },
    fc.record({ not: nested }),
    fc.record({
      and: fc.array(nested, { minLength: 1, maxLength: 2 }),
      or: fc.array(nested, { minLength: 1, maxLength: 3 }),
    }),
  );
}
