import {
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  parse,
  type ParseOptions,
  validate,
  type ValidationRule,
} from "graphql";
import { createHash } from "node:crypto";
import { TextCache } from "./text-cache.js";

/** A query text, read and checked against the schema; without errors it may be executed. */
export interface PreparedDocument {
  readonly document?: DocumentNode;
  readonly errors: readonly GraphQLError[];
}

/**
 * Parses and validates query texts of subscriptions. A thousand subscribers send the same text: it is read
 * once, and the same text is the same document, by which its plan is found.
 */
export class Documents {
  private readonly prepared = new TextCache<PreparedDocument>();

  constructor(
    private readonly schema: GraphQLSchema,
    private readonly parseOptions: ParseOptions,
    private readonly rules: readonly ValidationRule[],
  ) {}

  prepare(query: string): PreparedDocument {
    const key = createHash("sha256").update(query).digest("base64");
    const known = this.prepared.get(key);
    if (known !== undefined) return known;
    const prepared = this.read(query);
    this.prepared.set(key, prepared, query.length);
    return prepared;
  }

  private read(query: string): PreparedDocument {
    try {
      const document = parse(query, this.parseOptions);
      const errors = validate(this.schema, document, this.rules);
      return errors.length > 0 ? { errors } : { document, errors };
    } catch (error) {
      if (!(error instanceof GraphQLError)) throw error;
      return { errors: [error] };
    }
  }
}
