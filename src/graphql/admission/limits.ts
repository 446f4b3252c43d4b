import {
  type ArgumentNode,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  getNamedType,
  getNullableType,
  getOperationAST,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  isCompositeType,
  isInterfaceType,
  isListType,
  isObjectType,
  Kind,
  type ObjectFieldNode,
  type SelectionSetNode,
  type ValueNode,
  type VariableDefinitionNode,
} from "graphql";
import { QueryTooComplexError } from "../../errors.js";
import { defaultSize } from "../inputs/page.args.js";
import { fragmentsOf } from "../plan/fragments.js";
import { SessionStatsGroup } from "../types/session-stats.type.js";

/** How much one operation may ask for. */
export interface Limits {
  readonly maxDepth: number;
  readonly maxAliases: number;
  readonly maxCost: number;
  /** How long the texts of one caller may take to parse and validate within a minute, in milliseconds. */
  readonly validationMilliseconds: number;
}

/** What one operation asks for. */
export interface Weight {
  /**
   * How many objects it may read: each object is 1; a connection multiplies what is selected of its items by
   * its page size (`first` or `last`, else the default), a list by ids by the number of ids, any other list
   * by 5; each value in a `filter` is 1, and what it asks of other tables 5 for each row that is looked at;
   * an `orderBy` is 100. A `totalCount` is 20 and `sessionStats` 100, because they count rows; and a
   * `totalCount` 480 more for all parents together: it passes over all that the filter leaves. The agent
   * versions that the groups of statistics name are read once each, and weigh like 100; where they are more,
   * they are weighed again once their number is known.
   */
  readonly cost: number;
  /** The longest chain of fields. */
  readonly depth: number;
  readonly aliases: number;
}

/** A part of an operation: it may be asked for once for each of many parents. */
interface Part extends Weight {
  /** The cost of what is read once for all parents, however many they are. */
  readonly shared: number;
}

/** An operation as it was asked for: valid, not yet executed. */
export interface RequestedOperation {
  readonly document: DocumentNode;
  readonly operationName?: string | null | undefined;
  readonly variables?: Readonly<Record<string, unknown>> | null | undefined;
}

/** The length a list without page arguments is taken to have. */
const assumedLength = 5;
/** Fields that make the database count or group rows. */
const countingCosts: Readonly<Record<string, number>> = { totalCount: 20, sessionStats: 100 };
/** What counting costs once for all parents together, for whom it is one statement. */
const sharedCosts: Readonly<Record<string, number>> = { totalCount: 480 };
/**
 * Conditions that cost more than a comparison: of other tables, 5 for each of the rows that are looked at for
 * one session (see filter.ts); without case, as long as five comparisons of the same text.
 */
const questionCosts: Readonly<Record<string, number>> = {
  messages: 80,
  analysisHistory: 10,
  answers: 5,
  search: 5,
  eqIgnoreCase: 4,
  containsIgnoreCase: 4,
};
/** The arguments whose values make a difference to a weight. */
export const weighedArguments = ["ids", "orderBy", "filter", "first", "last"] as const;
/** An order that no index keeps finds all that match before the first row. */
const orderCost = 100;
/**
 * How many objects a field is taken to read for all its parents together, where many parents have the same.
 */
const sharedCounts: Readonly<Record<string, number>> = {
  [`${SessionStatsGroup.name}.agentVersion`]: 100,
};

/**
 * Weighs a valid operation before it runs, in time proportional to its text: a fragment is weighed once,
 * however often it is spread. Of introspection only the aliases count: whether it is served is a setting of
 * its own, and its depth is bounded by graphql-js.
 */
export function weigh(schema: GraphQLSchema, operation: RequestedOperation): Weight {
  const definition = getOperationAST(operation.document, operation.operationName);
  const root = definition && schema.getRootType(definition.operation);
  if (!definition || !root) return nothing;
  const scales = new Scales(schema, operation, definition.variableDefinitions ?? []);
  const { cost, shared, depth, aliases } = scales.weighSelections(definition.selectionSet, root, 1);
  return { cost: cost + shared, depth, aliases };
}

/**
 * What fields that read objects of a type ask of each: the object, and what is selected of it, but for what
 * is read once for all.
 */
export function weighEach(
  { schema, fragments, operation, variableValues }: ResolveInfo,
  fieldNodes: readonly FieldNode[],
  type: string,
): number {
  const document = { kind: Kind.DOCUMENT, definitions: Object.values(fragments) } as const;
  const request = { document, variables: variableValues };
  const scales = new Scales(schema, request, operation.variableDefinitions ?? []);
  return fieldNodes.reduce((sum, { selectionSet }) => {
    if (selectionSet === undefined) return sum;
    return sum + scales.weighSelections(selectionSet, schema.getType(type), 1).cost;
  }, 1);
}

type ResolveInfo = Pick<GraphQLResolveInfo, "schema" | "fragments" | "operation" | "variableValues">;

/** @throws QueryTooComplexError where an operation asks for more than the limits allow */
export function demandWithin(weight: Weight, limits: Limits): void {
  const broken = [
    weight.depth > limits.maxDepth && `its depth is ${weight.depth}, at most ${limits.maxDepth} is allowed`,
    weight.aliases > limits.maxAliases &&
      `it has ${weight.aliases} aliases, at most ${limits.maxAliases} are allowed`,
    weight.cost > limits.maxCost && `its cost is ${weight.cost}, at most ${limits.maxCost} is allowed`,
  ].filter((reason) => reason !== false);
  if (broken.length === 0) return;
  throw new QueryTooComplexError(`The operation asks for too much: ${broken.join("; ")}.`, "operation");
}

const nothing: Part = { cost: 0, shared: 0, depth: 0, aliases: 0 };

/** Weighs the selections of one operation; the weights of fragments are remembered. */
class Scales {
  private readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  private readonly weighed = new Map<string, Part>();

  private readonly variables: Readonly<Record<string, unknown>>;

  constructor(
    private readonly schema: GraphQLSchema,
    { document, variables }: RequestedOperation,
    private readonly definitions: readonly VariableDefinitionNode[],
  ) {
    this.variables = variables ?? {};
    this.fragments = fragmentsOf(document);
  }

  /** @param pageSize how many items the connection above holds */
  weighSelections(
    { selections }: SelectionSetNode,
    type: GraphQLNamedType | undefined,
    pageSize: number,
  ): Part {
    let [cost, shared, depth, aliases] = [0, 0, 0, 0];
    for (const selection of selections) {
      const part =
        selection.kind === Kind.FIELD
          ? this.weighField(selection, type, pageSize)
          : selection.kind === Kind.INLINE_FRAGMENT
            ? this.weighSelections(
                selection.selectionSet,
                selection.typeCondition ? this.schema.getType(selection.typeCondition.name.value) : type,
                pageSize,
              )
            : this.weighFragment(selection.name.value, pageSize);
      cost += part.cost;
      shared += part.shared;
      depth = Math.max(depth, part.depth);
      aliases += part.aliases;
    }
    return { cost, shared, depth, aliases };
  }

  private weighFragment(name: string, pageSize: number): Part {
    const fragment = this.fragments.get(name);
    if (fragment === undefined) return nothing;
    const key = `${pageSize} ${name}`;
    const known = this.weighed.get(key);
    if (known !== undefined) return known;
    const type = this.schema.getType(fragment.typeCondition.name.value);
    const weight = this.weighSelections(fragment.selectionSet, type, pageSize);
    this.weighed.set(key, weight);
    return weight;
  }

  private weighField(node: FieldNode, parent: GraphQLNamedType | undefined, pageSize: number): Part {
    const aliases = node.alias === undefined ? 0 : 1;
    const name = node.name.value;
    const field = isObjectType(parent) || isInterfaceType(parent) ? parent.getFields()[name] : undefined;
    if (field === undefined || name.startsWith("__"))
      return { ...nothing, aliases: aliases + this.aliasesBelow(node) };
    const type = getNamedType(field.type);
    const own =
      (countingCosts[name] ?? (isCompositeType(type) ? 1 : 0)) +
      this.filterCostOf(node) +
      this.orderCostOf(node);
    if (node.selectionSet === undefined)
      return { cost: own, shared: sharedCosts[name] ?? 0, depth: 1, aliases };
    const isConnection = type.name.endsWith("Connection");
    const below = this.weighSelections(node.selectionSet, type, isConnection ? this.pageSizeOf(node) : 1);
    const part = { ...below, depth: below.depth + 1, aliases: aliases + below.aliases };
    const sharedCount = sharedCounts[`${parent?.name ?? ""}.${name}`];
    if (sharedCount !== undefined)
      return { ...part, cost: 0, shared: sharedCount * (own + below.cost) + below.shared };
    const length = isConnection ? 1 : (this.idCountOf(node) ?? this.lengthOf(field, parent, pageSize));
    return { ...part, cost: length * (own + below.cost) };
  }

  private aliasesBelow({ selectionSet }: FieldNode): number {
    return selectionSet === undefined ? 0 : this.weighSelections(selectionSet, undefined, 1).aliases;
  }

  private lengthOf(
    field: GraphQLField<unknown, unknown>,
    parent: GraphQLNamedType | undefined,
    pageSize: number,
  ): number {
    if (!isListType(getNullableType(field.type))) return 1;
    return parent?.name.endsWith("Connection") === true ? pageSize : assumedLength;
  }

  /** How many ids a field is asked for: each is looked up, found or not. */
  private idCountOf({ arguments: given = [] }: FieldNode): number | undefined {
    const ids = valueOf("ids", given);
    return ids === undefined ? undefined : Math.max(1, this.valuesIn(ids));
  }

  private orderCostOf({ arguments: given = [] }: FieldNode): number {
    const order = valueOf("orderBy", given);
    return order !== undefined && this.valuesIn(order) > 0 ? orderCost : 0;
  }

  /** How many values rows are compared with, and what is asked of other tables. */
  private filterCostOf({ arguments: given = [] }: FieldNode): number {
    const filter = valueOf("filter", given);
    return filter === undefined ? 0 : this.valuesIn(filter);
  }

  private valuesIn(node: ValueNode): number {
    if (node.kind === Kind.NULL) return 0;
    if (node.kind === Kind.LIST) return node.values.reduce((sum, value) => sum + this.valuesIn(value), 0);
    if (node.kind === Kind.OBJECT)
      return node.fields.reduce((sum, field) => sum + this.questionIn(field) + this.valuesIn(field.value), 0);
    if (node.kind !== Kind.VARIABLE) return 1;
    const { value: name } = node.name;
    if (this.variables[name] !== undefined) return countValues(this.variables[name]);
    const byDefault = this.defaultOf(name);
    return byDefault === undefined ? 0 : this.valuesIn(byDefault);
  }

  private questionIn({ name, value }: Pick<ObjectFieldNode, "name" | "value">): number {
    const cost = questionCosts[name.value];
    if (cost === undefined || value.kind === Kind.NULL) return 0;
    if (value.kind === Kind.LIST) return cost * value.values.length;
    if (value.kind !== Kind.VARIABLE) return cost;
    const given = this.variables[value.name.value];
    if (given !== undefined) return costOfQuestion(name.value, given);
    const byDefault = this.defaultOf(value.name.value);
    return byDefault === undefined ? 0 : this.questionIn({ name, value: byDefault });
  }

  /** What is no page size is refused by graphql or the resolver; here it counts as the default. */
  private pageSizeOf({ arguments: given = [] }: FieldNode): number {
    const sizeOf = (name: "first" | "last") => this.sizeOf(valueOf(name, given));
    return sizeOf("first") ?? sizeOf("last") ?? defaultSize;
  }

  private sizeOf(value: ValueNode | undefined): number | undefined {
    const size =
      value?.kind === Kind.VARIABLE
        ? this.variableOf(value.name.value)
        : value?.kind === Kind.INT
          ? Number(value.value)
          : undefined;
    return typeof size === "number" && size >= 0 ? size : undefined;
  }

  /** The variable's default counts where nothing is given; null is given. */
  private variableOf(name: string): unknown {
    const given = this.variables[name];
    if (given !== undefined) return given;
    const value = this.defaultOf(name);
    return value?.kind === Kind.INT ? Number(value.value) : undefined;
  }

  private defaultOf(name: string) {
    return this.definitions.find(({ variable }) => variable.name.value === name)?.defaultValue;
  }
}

function valueOf(
  name: (typeof weighedArguments)[number],
  given: readonly ArgumentNode[],
): ValueNode | undefined {
  return given.find((argument) => argument.name.value === name)?.value;
}

function costOfQuestion(name: string, value: unknown): number {
  if (value === null || value === undefined) return 0;
  return (questionCosts[name] ?? 0) * (Array.isArray(value) ? value.length : 1);
}

/**
 * What a variable, which may be nested deeper than the stack is, costs: its texts, numbers and truth values,
 * and its questions.
 */
export function countValues(variable: unknown): number {
  let count = 0;
  const pending = [variable];
  while (pending.length > 0) {
    const value = pending.pop();
    if (value === null || value === undefined) continue;
    if (typeof value !== "object") count += 1;
    else
      for (const [name, part] of Object.entries(value) as [string, unknown][]) {
        count += costOfQuestion(name, part);
        pending.push(part);
      }
  }
  return count;
}
