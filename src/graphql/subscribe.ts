import { createSourceEventStream, execute, type ExecutionArgs, type ExecutionResult } from "graphql";
import type { RequestContext } from "./context.js";

/**
 * GraphQL's subscribe with a new context for every event: graphql's own keeps one for the whole subscription, and its loaders would
 * serve the second event the first one's rows.
 */
export async function subscribe(
  args: ExecutionArgs,
): Promise<AsyncIterableIterator<ExecutionResult> | ExecutionResult> {
  const stream = await createSourceEventStream(args);
  if (!(Symbol.asyncIterator in stream)) return stream;
  const events = stream[Symbol.asyncIterator]();
  const iterator: AsyncIterableIterator<ExecutionResult> = {
    next: async () => {
      const event: IteratorResult<unknown, unknown> = await events.next();
      if (event.done === true) return { done: true, value: undefined };
      const contextValue = (args.contextValue as RequestContext).renewed();
      return { done: false, value: await execute({ ...args, rootValue: event.value, contextValue }) };
    },
    return: async () => {
      await events.return?.();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]: () => iterator,
  };
  return iterator;
}
