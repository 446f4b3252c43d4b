import {
  createSourceEventStream,
  type DocumentNode,
  type ExecutionResult,
  getOperationAST,
  GraphQLError,
  type GraphQLSchema,
  Kind,
  type TypeNode,
} from "graphql";
import { UnavailableError } from "../errors.js";
import type { FanOut } from "../feed/fan-out.js";
import type { Message, Sink, Subscriber } from "../feed/subscriber.js";
import type { Logger } from "../logger.js";
import type { FeedEntry } from "../store/readers/feed.reader.js";
import { findOperation, SessionGoneError } from "./errors.js";
import type { Executor, Operation } from "./executor.js";
import { asGraphQLError, formatError } from "./format-error.js";
import { type SessionEventSource, WantedEvents } from "./session-event-source.js";
import { type SessionEvent, SessionEventType } from "./types/session-event.type.js";
import { readVariables } from "./variables.js";

/** What live operations need. */
export interface LiveOperationsParts {
  readonly schema: GraphQLSchema;
  readonly executor: Executor;
  readonly fanOut: FanOut;
  readonly events: SessionEventSource;
  readonly logger: Logger;
}

/**
 * Subscriptions, whatever their transport. Subscribers with the same document, variables and view of the data form a group; an
 * event is executed and serialised once for a group. The cursor is part of the event, so `after` makes no difference to what is said.
 */
export class LiveOperations {
  private readonly documentIds = new WeakMap<DocumentNode, number>();
  private nextDocumentId = 1;

  constructor(private readonly parts: LiveOperationsParts) {}

  /**
   * @param resume a cursor that counts instead of `after` where it is not empty: an event stream's Last-Event-ID
   * @returns the errors of the request, or a subscriber whose messages go to `sink` from now on
   */
  async open(operation: Operation, sink: Sink, resume = ""): Promise<Subscriber | readonly GraphQLError[]> {
    const { schema, fanOut, events } = this.parts;
    const { document, operationName, variables, context } = operation;
    const definition = findOperation(document, operationName);
    if (definition instanceof GraphQLError) return [definition];
    const read = readVariables(schema, definition.variableDefinitions ?? [], variables ?? {});
    if ("errors" in read) return read.errors;
    const wanted: unknown = await createSourceEventStream({
      schema,
      document,
      operationName: operationName ?? null,
      variableValues: variables ?? null,
      contextValue: context,
    });
    if (!(wanted instanceof WantedEvents)) return (wanted as ExecutionResult).errors ?? [];
    const { interest } = wanted;
    let { after } = wanted;
    if (resume !== "") {
      try {
        after = events.positionOf(resume);
      } catch (error) {
        return [asGraphQLError(error as Error)];
      }
    }
    const subscription = {
      key: this.keyOf(operation),
      interest,
      render: (entry: FeedEntry) => this.render(operation, entry),
    };
    return fanOut.subscribe(subscription, after, sink);
  }

  /** Two operations with the same key are told the same, byte for byte. */
  private keyOf({ document, operationName, variables, context }: Operation): string {
    const id = this.documentIds.get(document) ?? this.nextDocumentId++;
    this.documentIds.set(document, id);
    const cursors = cursorVariables(document, operationName);
    const told = Object.entries(variables ?? {}).filter(([name]) => !cursors.has(name));
    return JSON.stringify([id, operationName ?? null, told, context.caller.role, context.scope]);
  }

  /** Each event has a context of its own: loaders of the one before would serve its rows. */
  private async render(operation: Operation, entry: FeedEntry): Promise<Message | undefined> {
    const { executor, events, logger } = this.parts;
    const cursor = events.cursorOf(entry.position);
    const { kind, receivedAt, sessionId } = entry;
    const event: SessionEvent = { cursor, type: SessionEventType[kind], receivedAt, sessionId };
    const result = await executor.execute({ ...operation, context: operation.context.renewed() }, event);
    for (const { originalError } of result.errors ?? []) {
      if (originalError instanceof SessionGoneError) return undefined;
      // Told with an error, the event would be lost; told later, it is not.
      if (originalError instanceof UnavailableError) throw originalError;
    }
    const answer = result.errors
      ? { ...result, errors: result.errors.map((error) => formatError(error, logger)) }
      : result;
    return { position: entry.position, cursor, json: Buffer.from(JSON.stringify(answer)) };
  }
}

/** Variables that can only be the `after` of a subscription: nothing else takes a Cursor there. */
function cursorVariables(document: DocumentNode, operationName: string | null | undefined): Set<string> {
  const definitions = getOperationAST(document, operationName)?.variableDefinitions ?? [];
  return new Set(
    definitions.filter(({ type }) => namedType(type) === "Cursor").map(({ variable }) => variable.name.value),
  );
}

function namedType(type: TypeNode): string | undefined {
  if (type.kind === Kind.NON_NULL_TYPE) return namedType(type.type);
  return type.kind === Kind.NAMED_TYPE ? type.name.value : undefined;
}
