import {
  type DocumentNode,
  type GraphQLSchema,
  Kind,
  type NamedTypeNode,
  type OperationDefinitionNode,
  type SelectionSetNode,
  type VariableDefinitionNode,
} from "graphql";
import { type CompiledQuery, compileQuery, isCompiledQuery } from "graphql-jit";
import { LRUCache } from "lru-cache";
import { fragmentsOf } from "./fragments.js";

/** Characters of query text whose code is kept: a character takes up to a kilobyte of code. */
const mostText = 150_000;
/** What is longer is not compiled. */
const longestText = 20_000;
/**
 * Nor what selects more: code is made of a fragment wherever it is spread, also where it stands in another
 * one twice, and so on.
 */
const mostSelections = 5_000;

type Run = CompiledQuery["query"];

/**
 * Operations in graphql-jit's code, which runs at about twice the speed. Documents come out of a cache
 * (Apollo's, or ours for what does not go through Apollo), so the same text is the same object, by which its
 * code is found. Compiling takes time and much memory, so an operation is compiled when it comes for the
 * second time, and the code of those that were used last is kept.
 */
export class CompiledOperations {
  private readonly seen = new WeakSet<OperationDefinitionNode>();
  private readonly kept = new LRUCache<OperationDefinitionNode, { readonly run: Run | undefined }>({
    maxSize: mostText,
  });

  constructor(private readonly schema: GraphQLSchema) {}

  /**
   * @returns undefined for what is not compiled (yet), or graphql-jit refuses: graphql-js then executes it,
   * or says why not
   */
  find(document: DocumentNode, operation: OperationDefinitionNode): Run | undefined {
    const known = this.kept.get(operation);
    if (known !== undefined) return known.run;
    const length = document.loc?.end ?? Infinity;
    if (length > longestText) return undefined;
    if (!this.seen.has(operation)) {
      this.seen.add(operation);
      return undefined;
    }
    const run = this.compile(document, operation);
    this.kept.set(operation, { run }, { size: length });
    return run;
  }

  private compile(document: DocumentNode, operation: OperationDefinitionNode): Run | undefined {
    if (countSelections(document, operation) > mostSelections) return undefined;
    const query = compileQuery(this.schema, loosenVariables(document, operation), operation.name?.value);
    return isCompiledQuery(query) ? query.query : undefined;
  }
}

/**
 * How much an operation selects, fragments counted wherever they are spread; in time proportional to its
 * text.
 */
function countSelections(document: DocumentNode, operation: OperationDefinitionNode): number {
  const fragments = fragmentsOf(document);
  const counted = new Map<string, number>();
  const countOf = (name: string): number => {
    const count = counted.get(name) ?? countIn(fragments.get(name)?.selectionSet);
    counted.set(name, count);
    return count;
  };
  const countIn = (set: SelectionSetNode | undefined): number =>
    (set?.selections ?? []).reduce(
      (sum, selection) =>
        sum +
        1 +
        (selection.kind === Kind.FRAGMENT_SPREAD
          ? countOf(selection.name.value)
          : countIn(selection.selectionSet)),
      0,
    );
  return countIn(operation.selectionSet);
}

/**
 * graphql-jit compiles the reading of variables too, and for filters, which contain filters, that code grows
 * beyond measure (seconds of compiling). graphql-js reads them here instead; to compiled code they are
 * opaque.
 */
function loosenVariables(document: DocumentNode, operation: OperationDefinitionNode): DocumentNode {
  const opaque: NamedTypeNode = { kind: Kind.NAMED_TYPE, name: { kind: Kind.NAME, value: "JSON" } };
  const variableDefinitions = operation.variableDefinitions?.map((definition): VariableDefinitionNode => {
    const { kind, variable } = definition;
    return { kind, variable, type: opaque };
  });
  const loosened = { ...operation, ...(variableDefinitions && { variableDefinitions }) };
  return {
    ...document,
    definitions: document.definitions.map((definition) => (definition === operation ? loosened : definition)),
  };
}
