import { type DocumentNode, print } from "graphql";

/**
 * An operation that knows the type of its data and of its variables: a `TypedDocumentNode` or a
 * `TypedDocumentString` as graphql-codegen makes them, or what {@link typed} returns.
 */
export type TypedDocument<Data, Variables> = (DocumentNode | string | TextObject) & {
  readonly __apiType?: (variables: Variables) => Data;
};

/** A `String` object, such as graphql-codegen's TypedDocumentString. */
interface TextObject {
  readonly length: number;
  toString(): string;
}

/**
 * Says which types an operation's text has. They are taken on trust; graphql-codegen derives them instead.
 */
export function typed<Data, Variables extends object = object>(text: string): TypedDocument<Data, Variables> {
  return text;
}

/** The text of an operation, as it is sent. */
export function textOf(document: TypedDocument<unknown, never>): string {
  if (typeof document === "string" || !("kind" in document)) return document.toString();
  return document.loc?.source.body ?? print(document);
}
