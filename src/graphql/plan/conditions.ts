import {
  type DirectiveNode,
  type DocumentNode,
  GraphQLIncludeDirective,
  GraphQLSkipDirective,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
  separateOperations,
  visit,
} from "graphql";
import { BadInputError, type FieldError } from "../../errors.js";
import { fragmentsOf } from "./fragments.js";
import { TextCache } from "./text-cache.js";

/** An operation in the document that it is executed in. */
export interface PlacedOperation {
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
}

type Variables = Readonly<Record<string, unknown>>;

/** What is known of an operation with conditions. */
interface Conditional {
  /** The variables that conditions ask. */
  readonly names: readonly string[];
  /** Names it among all operations. */
  readonly key: number;
}

/**
 * Decides the conditions of @skip and @include before an operation is executed: what they leave out is not
 * there any more. So plans, and whoever looks at selections, need to know nothing of conditions. The same
 * values leave the same objects, by which plans and places are found.
 */
export class Conditions {
  private readonly known = new WeakMap<OperationDefinitionNode, Conditional | "none">();
  /** Operations without conditions, by their keys and the variables' values. */
  private readonly settled = new TextCache<PlacedOperation>();
  private conditionals = 0;

  /**
   * @param variables coerced
   * @throws BadInputError where the variable of a condition is null
   */
  settle(placed: PlacedOperation, variables: Variables): PlacedOperation {
    const { operation } = placed;
    const conditional = this.known.get(operation) ?? this.conditionsOf(placed);
    this.known.set(operation, conditional);
    if (conditional === "none") return placed;
    const { names } = conditional;
    const unsaid = names.filter((name) => typeof variables[name] !== "boolean");
    if (unsaid.length > 0) throw new BadInputError(`${unsaid.join()}: ${rule}.`, unsaid.map(unsaidField));
    const key = [conditional.key, ...names.map((name) => String(variables[name]))].join();
    const known = this.settled.get(key);
    if (known !== undefined) return known;
    const found = settle(placed, variables);
    this.settled.set(key, found, placed.document.loc?.end ?? Infinity);
    return found;
  }

  private conditionsOf(placed: PlacedOperation): Conditional | "none" {
    const names = variablesOfConditions(placed);
    if (names === undefined) return "none";
    this.conditionals += 1;
    return { names, key: this.conditionals };
  }
}

const rule = "must not be null: a condition asks it";

function unsaidField(field: string): FieldError {
  return { field, rule };
}

/** @returns undefined where there is no condition */
function variablesOfConditions(placed: PlacedOperation): string[] | undefined {
  const conditions: DirectiveNode[] = [];
  visit(alone(placed), {
    Directive: (node) => {
      if (isCondition(node)) conditions.push(node);
    },
  });
  if (conditions.length === 0) return undefined;
  const names = conditions.flatMap((node) => {
    const value = valueOf(node);
    return value?.kind === Kind.VARIABLE ? [value.name.value] : [];
  });
  return [...new Set(names)];
}

function settle(placed: PlacedOperation, variables: Variables): PlacedOperation {
  const holds = (node: DirectiveNode) => {
    const value = valueOf(node);
    const isTrue =
      value?.kind === Kind.VARIABLE
        ? variables[value.name.value] === true
        : value?.kind === Kind.BOOLEAN && value.value;
    return isTrue === (node.name.value === GraphQLIncludeDirective.name);
  };
  const enter = <Node extends { readonly directives?: readonly DirectiveNode[] | undefined }>(node: Node) => {
    const { directives = [] } = node;
    if (!directives.filter(isCondition).every(holds)) return null;
    // Always a copy: what is known of a field's node (see place.ts) depends on the fragments spread below it,
    // too.
    return { ...node, directives: directives.filter((directive) => !isCondition(directive)) };
  };
  const document = visit(alone(placed), { Field: enter, InlineFragment: enter, FragmentSpread: enter });
  const operation = document.definitions.find(({ kind }) => kind === Kind.OPERATION_DEFINITION);
  if (operation?.kind !== Kind.OPERATION_DEFINITION) throw new Error("An operation was lost.");
  return { document, operation };
}

/** The operation with the fragments that it spreads: others ask other variables. */
function alone({ document, operation }: PlacedOperation): DocumentNode {
  return separateOperations(document)[operation.name?.value ?? ""] ?? document;
}

/** Whether anything is left of an operation. */
export function selectsSomething({ document, operation }: PlacedOperation): boolean {
  const fragments = fragmentsOf(document);
  const inSet = ({ selections }: SelectionSetNode): boolean =>
    selections.some((selection) => {
      if (selection.kind === Kind.FIELD) return true;
      if (selection.kind === Kind.INLINE_FRAGMENT) return inSet(selection.selectionSet);
      const fragment = fragments.get(selection.name.value);
      // Once is enough.
      fragments.delete(selection.name.value);
      return fragment !== undefined && inSet(fragment.selectionSet);
    });
  return inSet(operation.selectionSet);
}

function isCondition({ name }: DirectiveNode): boolean {
  return name.value === GraphQLSkipDirective.name || name.value === GraphQLIncludeDirective.name;
}

function valueOf({ arguments: given = [] }: DirectiveNode) {
  return given.find(({ name }) => name.value === "if")?.value;
}
