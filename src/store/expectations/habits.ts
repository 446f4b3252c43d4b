import { readQuestions } from "../../events/questions.js";
import { findEvent } from "../../events/registry.js";
import { sessionAnalyzed } from "../../events/session-analyzed.event.js";
import { sessionEnded } from "../../events/session-ended.event.js";
import { sessionStarted } from "../../events/session-started.event.js";
import { ExpectationKind } from "../../model/expectation.js";
import { millisecondsBetween } from "../../model/instant.js";
import { SessionStatus, statuses } from "../../model/session.js";
import { longestName } from "../writers/analysis.writer.js";
import { placeholders } from "../sql/statements.js";
import type { SqlReader } from "../sql/transaction.js";

/** Sessions of an organization that its habits are learned of. */
const sampleSize = 500;
/** Sessions whose events are read in one statement. */
const sessionsAtOnce = 100;
/** Sessions of one agent version whose answers are read. */
const answeredSessions = 100;

/** A session of an organization's newest. */
interface Sampled {
  readonly id: string;
  readonly agentVersionId: string;
  readonly receivedAt: string;
}

/** How long parts of sessions took, by our clock, in milliseconds. */
export interface Delays {
  /** From the start's receipt to the end's. */
  readonly ends: readonly number[];
  /** From the end's receipt to the analysis'. */
  readonly analyses: readonly number[];
}

/** The questions of an agent version, by what its newest sessions say. */
export interface VersionAnswers {
  readonly agentVersionId: string;
  readonly newest: Sampled;
  readonly questions: readonly string[];
  /** Names of answers, without spaces at their end. */
  readonly answered: ReadonlySet<string>;
}

/** An open expectation of an answer. */
export interface OpenQuestion {
  readonly id: string;
  readonly agentVersionId: string;
  readonly question: string;
}

/** Reads what is usual. All of it is bounded: of each organization the newest sessions are looked at. */
export class Habits {
  constructor(private readonly database: SqlReader) {}

  /** The newest sessions of an organization that are analyzed and were received after an instant. */
  async sample(organizationId: string, after: string): Promise<Sampled[]> {
    const rows = await this.database.read<Sampled & { readonly status: number }>(
      `SELECT id, agent_version_id AS agentVersionId, received_at AS receivedAt, lifecycle AS status
       FROM sessions WHERE organization_id = ? ORDER BY started_at DESC, id DESC LIMIT ${sampleSize}`,
      [organizationId],
    );
    const analyzed = statuses.indexOf(SessionStatus.ANALYZED) + 1;
    return rows.filter(({ status, receivedAt }) => status === analyzed && receivedAt > after);
  }

  async delays(sample: readonly Sampled[]): Promise<Delays> {
    const ends: number[] = [];
    const analyses: number[] = [];
    for (let start = 0; start < sample.length; start += sessionsAtOnce) {
      const ids = sample.slice(start, start + sessionsAtOnce).map(({ id }) => id);
      for (const received of (await this.firstReceipts(ids)).values()) {
        add(ends, received.get(sessionStarted.kind), received.get(sessionEnded.kind));
        add(analyses, received.get(sessionEnded.kind), received.get(sessionAnalyzed.kind));
      }
    }
    return { ends, analyses };
  }

  /** What the agent versions ask and are told, of which the sample has enough sessions. */
  async answers(sample: readonly Sampled[], leastSessions: number): Promise<VersionAnswers[]> {
    const found: VersionAnswers[] = [];
    for (const agentVersionId of new Set(sample.map((session) => session.agentVersionId))) {
      const sessions = sample.filter((session) => session.agentVersionId === agentVersionId);
      const [newest] = sessions;
      if (newest === undefined || sessions.length < leastSessions) continue;
      const questions = await this.questionsOf(newest.id);
      const ids = sessions.slice(0, answeredSessions).map(({ id }) => id);
      // Where it asks nothing any more, what it asked before has no answer to wait for.
      const answered = questions.length === 0 ? new Set<string>() : await this.answered(ids);
      found.push({ agentVersionId, newest, questions, answered });
    }
    return found;
  }

  async openQuestions(organizationId: string): Promise<OpenQuestion[]> {
    return await this.database.read<OpenQuestion>(
      `SELECT id, agent_version_id AS agentVersionId, question FROM expectations
       WHERE organization_id = ? AND kind = ? AND closed_at IS NULL`,
      [organizationId, ExpectationKind.ANSWER],
    );
  }

  /** Expectations of sessions that are open although what they wait for is there: of sessions made anew. */
  async metUnnoticed(limit: number): Promise<string[]> {
    const rows = await this.database.read<{ id: string }>(
      `SELECT x.id FROM expectations x JOIN sessions s ON s.id = x.session_id
       WHERE x.closed_at IS NULL AND (x.kind = ? AND s.lifecycle > 2 OR x.kind = ? AND s.lifecycle > 1)
       LIMIT ${limit}`,
      [ExpectationKind.ANALYSIS, ExpectationKind.END],
    );
    return rows.map(({ id }) => id);
  }

  private async firstReceipts(ids: readonly string[]): Promise<Map<string, Map<string, string>>> {
    const rows = await this.database.read<{ sessionId: string; eventType: string; receivedAt: string }>(
      `SELECT session_id AS sessionId, event_type AS eventType, received_at AS receivedAt
       FROM webhook_events WHERE session_id IN (${placeholders(ids)}) ORDER BY id`,
      ids,
    );
    const receipts = new Map<string, Map<string, string>>();
    for (const { sessionId, eventType, receivedAt } of rows) {
      const kind = findEvent(eventType)?.kind;
      const own = receipts.get(sessionId) ?? new Map<string, string>();
      receipts.set(sessionId, own);
      if (kind !== undefined && !own.has(kind)) own.set(kind, receivedAt);
    }
    return receipts;
  }

  private async questionsOf(sessionId: string): Promise<string[]> {
    const [row] = await this.database.read<{ settings: string | null }>(
      `SELECT r.provider_settings AS settings FROM sessions s
       JOIN agent_version_revisions r ON r.id = s.revision_id WHERE s.id = ?`,
      [sessionId],
    );
    const names = readQuestions(row?.settings ?? null).map(({ name }) => name);
    return names.filter((name) => name.length <= longestName);
  }

  private async answered(ids: readonly string[]): Promise<ReadonlySet<string>> {
    const rows = await this.database.read<{ name: string }>(
      `SELECT DISTINCT name FROM analysis_answers
       WHERE session_id IN (${placeholders(ids)}) AND value_type <> 'null'`,
      ids,
    );
    return new Set(rows.map(({ name }) => name.trimEnd()));
  }
}

function add(delays: number[], from: string | undefined, to: string | undefined): void {
  if (from !== undefined && to !== undefined && to > from) delays.push(millisecondsBetween(from, to));
}
