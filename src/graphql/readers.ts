import type { Caller } from "../access/caller.js";
import type { AgentReader } from "../store/readers/agent.reader.js";
import type { AgentVersionReader } from "../store/readers/agent-version.reader.js";
import type { AgentVersionRevisionReader } from "../store/readers/agent-version-revision.reader.js";
import type { AnalysisReader } from "../store/readers/analysis.reader.js";
import type { ConversationReader } from "../store/readers/conversation.reader.js";
import type { ExpectationReader } from "../store/readers/expectation.reader.js";
import type { MessageReader } from "../store/readers/message.reader.js";
import type { Scope } from "../store/readers/scope.js";
import type { SessionReader } from "../store/readers/session.reader.js";
import type { WebhookEventReader } from "../store/readers/webhook-event.reader.js";
import type { StatsReader } from "../store/readers/stats.reader.js";

/**
 * All that resolvers read from. Every method demands the caller's scope, but for those of `webhookEvents`.
 */
export interface Readers {
  readonly sessions: SessionReader;
  readonly messages: MessageReader;
  readonly agentVersions: AgentVersionReader;
  readonly agentVersionRevisions: AgentVersionRevisionReader;
  readonly agents: AgentReader;
  readonly conversations: ConversationReader;
  readonly analyses: AnalysisReader;
  /** Raw events of all organizations: for operators only, which the resolver demands. */
  readonly webhookEvents: WebhookEventReader;
  readonly stats: StatsReader;
  readonly expectations: ExpectationReader;
}

/** The readers of one operation. */
export interface OperationReaders {
  readonly readers: Readers;
  /** Reads nothing more, whatever is still asked for. */
  end(): void;
}

/** Makes readers for each operation, so that what it reads counts to its caller, and ends with it. */
export interface ReaderSource {
  /** @param isGone whether nobody waits for the answer any more */
  forOperation(caller: Caller, isGone: () => boolean): OperationReaders;
  /** For an event that is told to all subscribers of a scope. */
  forSubscribers(scope: Scope): OperationReaders;
}
