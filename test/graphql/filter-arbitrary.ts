import fc, { type Arbitrary } from "fast-check";
import type { ServedSession } from "./reference-filter.js";

type Row = Readonly<Record<string, unknown>>;
type Filter = Readonly<Record<string, unknown>>;

/** Random filters over these sessions: values are theirs, nearly theirs, or nobody's. */
export function filterArbitrary(sessions: readonly ServedSession[]): Arbitrary<Filter> {
  const messages = sessions.flatMap(({ messages: { nodes } }) => nodes);
  const versions = sessions.map(({ agentVersion }) => agentVersion);
  const versionFilter = combined(comparators(versions, versionFields));
  const messageFilter = combined(comparators(messages, messageFields));
  const messagesFilter = fc.record(
    { some: messageFilter, every: messageFilter, none: messageFilter },
    { requiredKeys: [] },
  );
  return combined({
    ...comparators(sessions, sessionFields),
    agentVersion: versionFilter,
    messages: messagesFilter,
    analysis: fc.array(answerFilter(sessions), { maxLength: 2 }),
    search: searchText(sessions),
  });
}

const sessionFields = {
  id: "id",
  conversationId: "id",
  organizationId: "id",
  status: "status",
  startedAt: "order",
  endedAt: "order",
  analyzedAt: "order",
  endedReason: "text",
  chatCompletionRating: "text",
  chatSummary: "text",
  userSentiment: "text",
  language: "text",
  translationLanguage: "text",
  chatTranscript: "text",
  translatedChatTranscript: "text",
  messageCount: "order",
  createdAt: "order",
  updatedAt: "order",
} as const;

const messageFields = {
  id: "id",
  conversationId: "id",
  body: "text",
  translatedBody: "text",
  direction: "text",
  type: "text",
  mode: "text",
  deliveryStatus: "text",
  from: "text",
  to: "text",
  language: "text",
  translationLanguage: "text",
  createdAt: "order",
  updatedAt: "order",
  contactId: "id",
  channelId: "id",
  campaignId: "id",
  campaignContactId: "id",
  sequenceId: "id",
  stepId: "id",
  stepContactId: "id",
  userId: "order",
} as const;

const versionFields = {
  id: "id",
  agentId: "id",
  organizationId: "id",
  name: "text",
  description: "text",
  llmId: "id",
  createdById: "order",
  language: "text",
  voiceId: "text",
} as const;

type Kind = "id" | "status" | "order" | "text" | "flag";

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
      : kind === "id"
        ? fc.oneof(
            { weight: 3, arbitrary: value },
            value.map((id) => String(id).toUpperCase()),
          )
        : value;
  const operators: Record<string, Arbitrary<unknown>> = {
    eq: asked,
    neq: asked,
    in: fc.array(asked, { maxLength: 3 }),
    nin: fc.array(asked, { maxLength: 3 }),
    null: fc.boolean(),
  };
  if (kind === "order") for (const name of ["gt", "gte", "lt", "lte"]) operators[name] = value;
  if (kind === "text") for (const name of ["contains", "startsWith"]) operators[name] = value.chain(partOf);
  return someOf(operators, 2);
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

function answerFilter(sessions: readonly ServedSession[]): Arbitrary<Filter> {
  const answers = sessions.flatMap(({ customAnalysisData: data }) =>
    typeof data === "object" && data !== null ? Object.entries(data) : [],
  );
  const names = [...new Set(answers.map(([name]) => name)), "No such question"];
  return fc.constantFrom(...names).chain((name) => {
    const values = answers.filter(([own]) => own === name).map(([, value]: [string, unknown]) => value);
    const ofType = (type: string) => [...new Set(values.filter((value) => typeof value === type))];
    const typed = {
      answered: fc.boolean(),
      string: comparator(ofType("string"), "text"),
      number: comparator([...ofType("number"), 0], "order"),
      boolean: comparator([true, false], "flag"),
    };
    return someOf(typed, 2).map((asked) => ({ name, ...asked }));
  });
}

/** Words of the texts, whole, cut short, in other case; several of one text or of two. */
function searchText(sessions: readonly ServedSession[]): Arbitrary<string> {
  const texts = sessions.flatMap(({ chatTranscript, chatSummary, messages: { nodes } }) =>
    [chatTranscript, chatSummary, ...nodes.map(({ body }) => body)].filter(
      (text) => typeof text === "string",
    ),
  );
  const words = [...new Set(texts.flatMap((text) => text.match(/[\p{L}\p{N}]+/gu) ?? []))].slice(0, 400);
  const word = fc.tuple(fc.constantFrom(...words), fc.nat(6), fc.boolean()).map(([whole, length, upper]) => {
    const cut = length === 0 ? whole : Array.from(whole).slice(0, length).join("");
    return upper ? cut.toUpperCase() : cut;
  });
  return fc.array(word, { minLength: 1, maxLength: 3 }).map((all) => all.join(" "));
}

function someOf(fields: Record<string, Arbitrary<unknown>>, most: number): Arbitrary<Filter> {
  return fc
    .subarray(Object.keys(fields), { maxLength: Math.min(most, Object.keys(fields).length) })
    .chain((names) =>
      fc.record(Object.fromEntries(names.map((name) => [name, fields[name] ?? fc.constant(null)]))),
    );
}

/** One or two fields at a level, and combinations of such filters. */
function combined(fields: Record<string, Arbitrary<unknown>>): Arbitrary<Filter> {
  const simple = someOf(fields, 2);
  const nested = fc.oneof(
    { weight: 2, arbitrary: simple },
    fc.record({ not: simple }),
    fc.record({ and: fc.array(simple, { maxLength: 3 }) }),
    fc.record({ or: fc.array(simple, { maxLength: 3 }) }),
  );
  return fc.oneof(
    { weight: 3, arbitrary: simple },
    { weight: 2, arbitrary: nested },
    fc.record({ not: nested }),
    fc.record({
      and: fc.array(nested, { maxLength: 2 }),
      or: fc.array(nested, { minLength: 1, maxLength: 3 }),
    }),
  );
}
