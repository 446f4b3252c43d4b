import { type DocumentNode, type GraphQLSchema, visit } from "graphql";
import { LRUCache } from "lru-cache";
import { countValues, type RequestedOperation, weigh, type Weight, weighedArguments } from "./limits.js";

/** Of each document: most clients ask for pages of one size. */
const mostWeights = 20;
const longestKey = 200;

/** What is known of a document that comes again. */
interface Known {
  /** The variables that the weights of its operations depend on. */
  readonly names: readonly string[];
  /** By the operation and the values of these variables. */
  readonly weights: LRUCache<string, Weight>;
}

/** Weighs operations; those of the same text, with variables that make no difference, are weighed once. */
export class KnownWeights {
  private readonly known = new WeakMap<DocumentNode, Known>();

  constructor(private readonly schema: GraphQLSchema) {}

  of(operation: RequestedOperation): Weight {
    const { document, operationName, variables } = operation;
    const { names, weights } = this.knownOf(document);
    const key = JSON.stringify([operationName, ...names.map((name) => weighedPart(variables?.[name]))]);
    const known = weights.get(key);
    if (known !== undefined) return known;
    const weight = weigh(this.schema, operation);
    if (key.length <= longestKey) weights.set(key, weight);
    return weight;
  }

  private knownOf(document: DocumentNode): Known {
    const known = this.known.get(document);
    if (known !== undefined) return known;
    const made = {
      names: variablesWeighedIn(document),
      weights: new LRUCache<string, Weight>({ max: mostWeights }),
    };
    this.known.set(document, made);
    return made;
  }
}

/** All that makes a difference of a variable: see {@link weigh}. */
function weighedPart(value: unknown): unknown {
  // A default counts, which null takes the place of.
  if (value === undefined) return [];
  if (typeof value !== "object" || value === null) return value;
  return [countValues(value), Array.isArray(value) ? value.length : -1];
}

const names: ReadonlySet<string> = new Set(weighedArguments);

function variablesWeighedIn(document: DocumentNode): string[] {
  const found = new Set<string>();
  visit(document, {
    Argument: (argument) => {
      if (!names.has(argument.name.value)) return false;
      visit(argument.value, {
        Variable: ({ name }) => {
          found.add(name.value);
        },
      });
      return false;
    },
  });
  return [...found];
}
