import { Extensions } from "type-graphql";

/**
 * A field whose resolver is asked once for all objects of one place in an operation: its root is the list of
 * them, and it gives a list of as many values, in their order. So what hangs on many rows is one statement.
 */
export function Batched(): MethodDecorator & PropertyDecorator {
  return Extensions({ isBatched: true });
}
