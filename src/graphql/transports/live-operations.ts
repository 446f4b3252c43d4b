import { createHash } from "node:crypto";
import {
  createSourceEventStream,
  type ExecutionResult,
  GraphQLError,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  print,
  type TypeNode,
} from "graphql";
import { UnavailableError } from "../../errors.js";
import type { FanOut } from "../../feed/fan-out.js";
import type { Message, Sink } from "../../feed/sink.js";
import type { Subscriber } from "../../feed/group.js";
import type { FeedEntry } from "../../store/readers/feed.reader.js";
import { type PlacedOperation, selectsSomething } from "../plan/conditions.js";
import { findOperation, NothingSelectedError, SessionGoneError } from "../errors.js";
import type { Executor, Operation } from "../plan/executor.js";
import { asGraphQLError, type FormatError } from "../format-error.js";
import { type SessionEventSource, WantedEvents } from "../session-event-source.js";
import type { SessionEvent } from "../types/session-event.type.js";
import { answerText } from "../plan/json-text.js";
import { readVariables } from "../plan/variables.js";

/** What live operations need. */
export interface LiveOperationsParts {
  readonly schema: GraphQLSchema;
  readonly executor: Executor;
  readonly fanOut: FanOut;
  readonly events: SessionEventSource;
  readonly formatError: FormatError;
}

/**
 * Subscriptions, whatever their transport. Subscribers with the same text, variables and view of the data
 * form a group; an event is executed and serialised once for a group. The cursor is part of the event, so
 * `after` makes no difference to what is said.
 */
export class LiveOperations {
  constructor(private readonly parts: LiveOperationsParts) {}

  /**
   * @param resume a cursor that counts instead of `after` where it is not empty: an event stream's
   * Last-Event-ID
   * @returns the errors of the request, or a subscriber whose messages go to `sink` from now on
   */
  async open(operation: Operation, sink: Sink, resume = ""): Promise<Subscriber | readonly GraphQLError[]> {
    const { schema, executor, fanOut, events } = this.parts;
    const { document, operationName, variables, context } = operation;
    const definition = findOperation(document, operationName);
    if (definition instanceof GraphQLError) return [definition];
    const read = readVariables(schema, definition.variableDefinitions ?? [], variables ?? {});
    if ("errors" in read) return read.errors;
    let settled: PlacedOperation;
    try {
      settled = executor.conditions.settle({ document, operation: definition }, read.coerced);
    } catch (error) {
      return [asGraphQLError(error as Error)];
    }
    // graphql-js takes for granted that a field is left.
    if (!selectsSomething(settled)) return [asGraphQLError(new NothingSelectedError())];
    const wanted: unknown = await createSourceEventStream({
      schema,
      document: settled.document,
      operationName: operationName ?? null,
      variableValues: variables ?? null,
      contextValue: context,
    });
    if (!(wanted instanceof WantedEvents)) return (wanted as ExecutionResult).errors ?? [];
    const { interest } = wanted;
    let { after } = wanted;
    if (resume !== "") {
      try {
        after = events.placeOf(resume);
      } catch (error) {
        return [asGraphQLError(error as Error)];
      }
    }
    const subscription = {
      key: keyOf(operation, definition, read.coerced),
      interest,
      render: (entry: FeedEntry) => this.render(operation, entry),
    };
    return fanOut.subscribe(subscription, after, sink);
  }

  /** Each event has a context of its own: the one before is over, and reads nothing more. */
  private async render(operation: Operation, entry: FeedEntry): Promise<Message | undefined> {
    const { executor, events, formatError } = this.parts;
    const cursor = events.cursorOf(entry);
    const { position, epoch, kind, receivedAt, sessionId, eventId } = entry;
    const event: SessionEvent = { cursor, type: kind, receivedAt, sessionId, eventId };
    const result = await executor.execute({ ...operation, context: operation.context.renewed() }, event);
    for (const { originalError } of result.errors ?? []) {
      if (originalError instanceof SessionGoneError) return undefined;
      // Told with an error, the event would be lost; told later, it is not.
      if (originalError instanceof UnavailableError) throw originalError;
    }
    const answer = result.errors ? { ...result, errors: result.errors.map(formatError) } : result;
    return { position, epoch, cursor, json: Buffer.from(answerText(answer)) };
  }
}

/**
 * Two operations with the same key are told the same, byte for byte. Of variables counts what was understood,
 * not how it was written.
 */
function keyOf(
  { document, context }: Operation,
  { name, variableDefinitions = [] }: OperationDefinitionNode,
  coerced: Readonly<Record<string, unknown>>,
): string {
  const text = document.loc?.source.body ?? print(document);
  // These can only be the `after` of a subscription: nothing else takes a Cursor there.
  const cursors = variableDefinitions.filter(({ type }) => namedType(type) === "Cursor");
  const told = { ...coerced };
  for (const { variable } of cursors) told[variable.name.value] = undefined;
  const parts = [text, name?.value ?? null, told, context.caller.role, context.scope];
  return createHash("sha256").update(JSON.stringify(parts)).digest("base64");
}

function namedType(type: TypeNode): string | undefined {
  if (type.kind === Kind.NON_NULL_TYPE) return namedType(type.type);
  return type.kind === Kind.NAMED_TYPE ? type.name.value : undefined;
}
