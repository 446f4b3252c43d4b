import { createHmac } from "node:crypto";
import { ForbiddenError } from "../../errors.js";
import type { ClassType } from "type-graphql";
import { type Question, readQuestions } from "../../events/questions.js";
import { AgentVersion } from "../../model/agent-version.js";
import { Analysis } from "../../model/analysis.js";
import { propertiesOf } from "../../model/declare.js";
import { Message } from "../../model/message.js";
import { Session } from "../../model/session.js";
import type { SqlReader } from "../sql/transaction.js";
import { placeholders } from "../sql/statements.js";
import type { Scope } from "./scope.js";

/**
 * What masked readers get instead of personal data. It happens where rows become records, so whatever is
 * built on a reader (a resolver, an export, a subscription) is masked without knowing of it:
 *
 * - phone numbers: `***` and the last two digits; e-mail addresses: `***@***`;
 * - bodies, transcripts, summaries, attachments and metadata: null;
 * - answers: true, false, numbers below a million and one of the question's choices stay; all else (free
 * text, lists, numbers long enough to be a phone number) is null;
 * - settings of the provider: their questions alone;
 * - the hash in an analysis' id, from which short texts and answers could be guessed: another one, made with
 * a key.
 */
/** From here on a number may be a phone number or another number of a person. */
const leastPersonalNumber = 1_000_000;

/** Names of filter fields that ask of what is withheld, in whichever filter they stand. */
const withheldFilters = new Set<string>([
  ...[Session, Message, Analysis, AgentVersion].flatMap((type) =>
    propertiesOf(type)
      .filter(({ traits }) => traits.privacy.masked !== "shown")
      .map(({ name }) => name),
  ),
  "search",
  // An answer's text (in AnalysisAnswerFilter).
  "string",
]);

/**
 * Who may not read a field may not find it out by asking either.
 * @throws ForbiddenError naming the field
 */
export function refuseWithheld(scope: Scope, filter: unknown, path = "filter"): void {
  if (!scope.masked || typeof filter !== "object" || filter === null) return;
  for (const [name, value] of Object.entries(filter)) {
    if (value === null || value === undefined) continue;
    const field = `${path}.${name}`;
    const isWithheld =
      withheldFilters.has(name) ||
      (name === "number" && asksOfLongNumbers(value)) ||
      (name === "id" && path.split(".").includes("analysisHistory"));
    if (isWithheld)
      throw new ForbiddenError(`${field}: is withheld from masked readers.`, [
        { field, rule: "is withheld from masked readers" },
      ]);
    refuseWithheld(scope, value, field);
  }
}

function asksOfLongNumbers(comparator: unknown): boolean {
  if (typeof comparator === "number") return Math.abs(comparator) >= leastPersonalNumber;
  return (
    typeof comparator === "object" &&
    comparator !== null &&
    Object.values(comparator).some((value) => asksOfLongNumbers(value))
  );
}

/**
 * A record as the scope may see it: what is withheld is null, and of an address the end is left. Fields that
 * are absent stay absent.
 */
export function mask<Type extends object>(scope: Scope, type: ClassType, served: Type): Type {
  if (!scope.masked) return served;
  const record = { ...served } as Record<string, unknown>;
  for (const { name, traits } of propertiesOf(type)) {
    const value = record[name];
    if (value === undefined || value === null) continue;
    const { masked } = traits.privacy;
    if (masked === "withheld") record[name] = null;
    else if (masked === "shortened") record[name] = maskAddress(value as string);
  }
  return record as Type;
}

/** What is known of a masked record beside its fields. */
export interface Withheld {
  /** The names of answers that were given and are withheld from the reader. */
  readonly withheldAnswers?: ReadonlySet<string>;
}

interface Analyzed extends Withheld {
  readonly revisionId: string;
  readonly customAnalysisData: unknown;
}

/**
 * Sessions, or analyses of their history, as the scope may see them; `revisionId` must have been read with
 * the answers.
 */
export async function maskAnalyzed<Type extends Analyzed>(
  database: SqlReader,
  scope: Scope,
  type: ClassType,
  sessions: readonly Type[],
): Promise<Type[]> {
  if (!scope.masked) return [...sessions];
  const questions = await questionsOf(
    database,
    sessions.filter(({ customAnalysisData }) => isPresent(customAnalysisData)),
  );
  return sessions.map((session) => {
    const masked = mask(scope, type, session);
    if (!isPresent(session.customAnalysisData)) return masked;
    const withheld = withheldAnswers(session.customAnalysisData, questions.get(session.revisionId) ?? []);
    const answers = maskAnswers(session.customAnalysisData, withheld);
    return { ...masked, customAnalysisData: answers, withheldAnswers: withheld };
  });
}

/** The hash of an analysis as the scope may see it. */
export function maskHash(scope: Scope, hash: string, key: string): string {
  return scope.masked ? createHmac("sha256", key).update(`analysis\0${hash}`).digest("hex") : hash;
}

/** Agent versions as the scope may see them: settings hold prompts and numbers to call. */
export function maskSettings<Version extends { readonly providerSettings: string | null }>(
  scope: Scope,
  versions: readonly Version[],
): Version[] {
  if (!scope.masked) return [...versions];
  return versions.map((version) => {
    const { providerSettings } = version as { readonly providerSettings?: string | null };
    if (typeof providerSettings !== "string") return version;
    const settings = (JSON.parse(providerSettings) ?? {}) as Record<string, unknown>;
    const { post_call_analysis_data } = settings;
    return { ...version, providerSettings: JSON.stringify({ post_call_analysis_data }) };
  });
}

async function questionsOf(
  database: SqlReader,
  sessions: readonly Analyzed[],
): Promise<Map<string, Question[]>> {
  const ids = [...new Set(sessions.map(({ revisionId }) => revisionId))];
  if (ids.length === 0) return new Map();
  const rows = await database.read<{ id: string; settings: string | null }>(
    `SELECT id, provider_settings AS settings FROM agent_version_revisions WHERE id IN (${placeholders(ids)})`,
    ids,
  );
  return new Map(rows.map(({ id, settings }) => [id, readQuestions(settings)]));
}

/** The names of answers stay, and that they were answered: they are the agent's, not the contact's. */
function maskAnswers(answers: unknown, withheld: ReadonlySet<string>): unknown {
  if (typeof answers !== "object" || answers === null || Array.isArray(answers)) return null;
  return Object.fromEntries(
    Object.entries(answers).map(([name, value]: [string, unknown]) => [
      name,
      withheld.has(name) ? null : value,
    ]),
  );
}

function withheldAnswers(answers: unknown, questions: readonly Question[]): ReadonlySet<string> {
  if (typeof answers !== "object" || answers === null || Array.isArray(answers)) return new Set();
  const choices = new Map(questions.map((question) => [question.name, question.choices ?? []]));
  const withheld = Object.entries(answers).filter(
    ([name, value]: [string, unknown]) => value !== null && !mayBeSeen(value, choices.get(name) ?? []),
  );
  return new Set(withheld.map(([name]) => name));
}

function mayBeSeen(value: unknown, choices: readonly string[]): boolean {
  if (typeof value === "boolean") return true;
  if (typeof value === "number") return Math.abs(value) < leastPersonalNumber;
  return typeof value === "string" && (value === "" || choices.includes(value));
}

function maskAddress(address: string): string {
  return address.includes("@") ? "***@***" : `***${address.slice(-2)}`;
}

function isPresent(value: unknown): boolean {
  return value !== null && value !== undefined;
}
