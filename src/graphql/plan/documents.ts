import {
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  parse,
  type ParseOptions,
  validate,
  type ValidationRule,
} from "graphql";
import { LRUCache } from "lru-cache";

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
  private readonly prepared = new LRUCache<string, PreparedDocument>({
    // A text that is longer than an entry may be is prepared anew each time, so that what is kept stays
    // small.
    max: 200,
    maxEntrySize: 10_000,
    sizeCalculation: (_prepared, query) => query.length,
  });

  constructor(
    private readonly schema: GraphQLSchema,
    private readonly parseOptions: ParseOptions,
    private readonly rules: readonly ValidationRule[],
  ) {}

  prepare(query: string): PreparedDocument {
    const known = this.prepared.get(query);
    if (known !== undefined) return known;
    const prepared = this.read(query);
    this.prepared.set(query, prepared);
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
