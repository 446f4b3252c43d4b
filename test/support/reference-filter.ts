/**
 * What a filter means, written down a second time and in another way than the service's SQL: over sessions as
 * the API serves them.
 */
export interface ServedSession {
  readonly [field: string]: unknown;
  readonly id: string;
  readonly agentVersion: { readonly id: string; readonly receivedAt: string };
  readonly agentVersionRevision: Readonly<Record<string, unknown>> & {
    readonly id: string;
    readonly questions: readonly { readonly name: string; readonly type: string | null }[];
  };
  readonly analysisHistory: readonly Readonly<Record<string, unknown>>[];
  readonly messages: { readonly nodes: readonly Readonly<Record<string, unknown>>[] };
  readonly customAnalysisData: unknown;
}

type Filter = Readonly<Record<string, unknown>>;

/**
 * A session's agent version as the filter sees it: the version's id, and the content that the session
 * carried.
 */
export function carriedVersion({ agentVersion, agentVersionRevision }: ServedSession) {
  const { id: revisionId, receivedAt: changedAt, ...content } = agentVersionRevision;
  const { id, receivedAt } = agentVersion;
  return { ...content, id, receivedAt, changedAt, revisionId };
}

export function matchesSession(session: ServedSession, filter: Filter): boolean {
  return matches(session, filter, {
    agentVersion: (asked) => matches(carriedVersion(session), asked as Filter),
    messages: (asked) => matchesMany(session.messages.nodes, asked as ToManyFilter),
    analysisHistory: (asked) => matchesMany(session.analysisHistory, asked as ToManyFilter),
    answers: (asked) => (asked as readonly AnswerFilter[]).every((answer) => matchesAnswer(session, answer)),
    search: (asked) => isFound(session, asked as string),
  });
}

type Special = Readonly<Record<string, (asked: unknown) => boolean>>;

function matches(row: Readonly<Record<string, unknown>>, filter: Filter, special: Special = {}): boolean {
  return Object.entries(filter).every(([name, asked]) => {
    if (name === "and") return (asked as Filter[]).every((each) => matches(row, each, special));
    if (name === "or") return (asked as Filter[]).some((each) => matches(row, each, special));
    if (name === "not") return !matches(row, asked as Filter, special);
    const own = special[name];
    return own ? own(asked) : compares(comparable(row[name]), asked as Filter);
  });
}

type ToManyFilter = Readonly<Record<string, Filter | null | undefined>>;

function matchesMany(
  rows: readonly Readonly<Record<string, unknown>>[],
  { some, every, none }: ToManyFilter,
): boolean {
  return (
    (!some || rows.some((row) => matches(row, some))) &&
    (!every || rows.every((row) => matches(row, every))) &&
    (!none || !rows.some((row) => matches(row, none)))
  );
}

interface AnswerFilter {
  readonly name: string;
  readonly answered?: boolean | null;
  readonly type?: Filter;
  readonly string?: Filter;
  readonly number?: Filter;
  readonly boolean?: Filter;
}

function matchesAnswer(
  { customAnalysisData: data, agentVersionRevision: { questions } }: ServedSession,
  { name, answered, type: askedType, ...typed }: AnswerFilter,
): boolean {
  const answers = typeof data === "object" && data !== null && !Array.isArray(data) ? data : {};
  const value = new Map<string, unknown>(Object.entries(answers)).get(name) ?? null;
  if (typeof answered === "boolean" && answered !== (value !== null)) return false;
  const question = questions.findLast((each) => each.name === name);
  const type = Object.hasOwn(answers, name) ? (question?.type ?? null) : null;
  if (askedType && !compares(type, askedType)) return false;
  return Object.entries(typed).every(([type, asked]) =>
    compares(typeof value === type ? value : null, asked),
  );
}

/** Instants are compared at microseconds, ids and hashes without case; everything else as it is. */
function comparable(value: unknown): unknown {
  if (typeof value !== "string") return value ?? null;
  const instant = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d+))?Z$/.exec(value);
  if (instant) return `${String(instant[1])}.${(instant[2] ?? "").padEnd(6, "0")}`;
  const isId = /^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(:[0-9a-f]{64})?|[0-9a-f]{64})$/i.test(value);
  return isId ? value.toLowerCase() : value;
}

function compares(value: unknown, comparator: Filter): boolean {
  return Object.entries(comparator).every(([operator, given]) => {
    const asked = Array.isArray(given) ? given.map(comparable) : comparable(given);
    const has = value !== null;
    switch (operator) {
      case "eq":
        return value === asked;
      case "neq":
        return value !== asked;
      case "in":
        return (asked as unknown[]).includes(value);
      case "nin":
        return !(asked as unknown[]).includes(value);
      case "gt":
        return has && (value as string) > (asked as string);
      case "gte":
        return has && (value as string) >= (asked as string);
      case "lt":
        return has && (value as string) < (asked as string);
      case "lte":
        return has && (value as string) <= (asked as string);
      case "null":
        return asked !== has;
      case "contains":
        return has && (value as string).includes(given as string);
      case "startsWith":
        return has && (value as string).startsWith(given as string);
      case "eqIgnoreCase":
        return has && new RegExp(`^(?:${literally(given as string)})$`, "iu").test(value as string);
      case "containsIgnoreCase":
        return has && new RegExp(literally(given as string), "iu").test(value as string);
      default:
        throw new Error(`The reference does not know ${operator}.`);
    }
  });
}

/** As an expression that matches the text itself; lone surrogates are no characters, so none come here. */
function literally(text: string): string {
  return Array.from(text, (character) => `\\u{${character.codePointAt(0)?.toString(16) ?? ""}}`).join("");
}

const unspaced = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/u;

function isFound(session: ServedSession, query: string): boolean {
  const { chatTranscript, translatedChatTranscript, chatSummary } = session;
  const texts = [
    ...[chatTranscript, translatedChatTranscript, chatSummary],
    ...session.messages.nodes.flatMap(({ body, translatedBody }) => [body, translatedBody]),
  ];
  const words = texts.flatMap((each) => {
    const text = (each ?? "") as string;
    return [...wordsOf(text), ...elidedOf(text)];
  });
  return wordsOf(query).every((asked) =>
    unspaced.test(asked)
      ? neighbours(asked).every((pair) => words.some((word) => unspaced.test(word) && word.includes(pair)))
      : words.some((word) => word.startsWith(asked)),
  );
}

/** Runs of letters and digits; a run changes where a script without spaces begins or ends. */
function wordsOf(text: string): string[] {
  const words: string[] = [];
  let word = "";
  for (const character of plain(text)) {
    const isWord = /[\p{L}\p{N}]/u.test(character);
    if (word !== "" && (!isWord || unspaced.test(word) !== unspaced.test(character))) {
      words.push(word);
      word = "";
    }
    if (isWord) word += character;
  }
  return word === "" ? words : [...words, word];
}

/** "I'm" is found as "im" too. */
function elidedOf(text: string): string[] {
  return Array.from(plain(text).matchAll(/\p{L}+(?:['’ʼ]\p{L}+)+/gu), ([word]) => word.replace(/['’ʼ]/g, ""));
}

function neighbours(word: string): string[] {
  const characters = Array.from(word);
  return characters.length === 1
    ? characters
    : characters.slice(1).map((character, index) => `${String(characters[index])}${character}`);
}

/** Each character by itself, so that none depends on where it stands. */
function plain(text: string): string {
  const bare = text.normalize("NFKD").replace(/\p{M}/gu, "");
  return Array.from(bare, (character) => character.toUpperCase().toLowerCase())
    .join("")
    .normalize("NFC");
}
