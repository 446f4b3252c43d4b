import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLField,
  type GraphQLFieldResolver,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  isAbstractType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  SchemaMetaFieldDef,
  type SelectionSetNode,
  TypeMetaFieldDef,
  TypeNameMetaFieldDef,
} from "graphql";
import { argumentsReader } from "./coercion.js";
import { fragmentsOf } from "./fragments.js";
import { quote } from "./json-text.js";
import { leafWriter, type WriteLeaf } from "./leaf.js";
import { Place } from "./place.js";
import type { Info } from "./selection.js";

/** What resolvers of this project are told of their field. */
export type FieldInfo = Omit<GraphQLResolveInfo, "path" | "rootValue">;

/** How a value is built: the same for all values of a field. */
export type Shape = { readonly isNonNull: boolean } & (
  | { readonly kind: "leaf"; readonly write: WriteLeaf }
  | { readonly kind: "list"; readonly item: Shape }
  | { readonly kind: "object"; readonly type: GraphQLObjectType }
  | { readonly kind: "abstract" }
);

/**
 * Where the values of a field come from: a property of each object; the same text for all of them; a resolver
 * that is asked of each object; a resolver that is asked once of all of them (see batched.ts).
 */
export type Origin =
  | { readonly kind: "property" }
  | { readonly kind: "constant"; readonly text: string }
  | { readonly kind: "each" | "all"; readonly resolve: GraphQLFieldResolver<unknown, unknown> };

/** An operation, whose conditions are settled, as it is read and written. */
export class Plan {
  readonly root: Selection;

  constructor(schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode) {
    const type = schema.getRootType(operation.operation);
    if (!type) throw new Error(`The schema has no ${operation.operation}.`);
    const fragments = Object.fromEntries(fragmentsOf(document));
    this.root = new Selection({ schema, fragments, operation }, type, [operation.selectionSet]);
  }
}

interface Source {
  readonly schema: GraphQLSchema;
  readonly fragments: Readonly<Record<string, FragmentDefinitionNode>>;
  readonly operation: OperationDefinitionNode;
}

/** What is selected of the objects of one type, at one place of an operation. */
export class Selection {
  readonly fields: readonly PlannedField[];

  constructor(source: Source, type: GraphQLObjectType, sets: readonly SelectionSetNode[]) {
    this.fields = Array.from(
      collect(source, type, sets),
      ([name, nodes], index) => new PlannedField(source, type, name, nodes, index === 0),
    );
  }
}

/** One field of an answer. */
export class PlannedField {
  /** What is written before its value. */
  readonly prefix: string;
  readonly shape: Shape;
  readonly origin: Origin;
  /** Where it stands: `Session.messages`. */
  readonly coordinate: string;
  /** The property that the field is served from, where there is no resolver. */
  readonly property: string;
  private readonly definition: GraphQLField<unknown, unknown>;
  private readonly info: Omit<FieldInfo, "variableValues"> & Pick<Info, "place">;
  private readonly below = new Map<GraphQLObjectType, Selection>();
  private readArguments: ReturnType<typeof argumentsReader> | undefined;

  constructor(
    private readonly source: Source,
    parentType: GraphQLObjectType,
    readonly name: string,
    readonly nodes: readonly FieldNode[],
    isFirst: boolean,
  ) {
    const [node] = nodes;
    const definition = node && definitionOf(source.schema, parentType, node.name.value);
    if (definition === undefined) throw new Error(`${parentType.name} has no field for ${name}.`);
    this.definition = definition;
    this.property = definition.name;
    this.coordinate = `${parentType.name}.${definition.name}`;
    this.prefix = `${isFirst ? "" : ","}${quote(name)}:`;
    this.shape = shapeOf(definition.type);
    this.origin = originOf(definition, parentType);
    this.info = {
      ...source,
      fieldName: definition.name,
      fieldNodes: nodes,
      returnType: definition.type,
      parentType,
      place: Place.of(nodes),
    };
  }

  /** What is selected of its values of a type; made when there are some. */
  selectionOf(type: GraphQLObjectType): Selection {
    const known = this.below.get(type);
    if (known !== undefined) return known;
    const sets = this.nodes.flatMap(({ selectionSet }) => selectionSet ?? []);
    const selection = new Selection(this.source, type, sets);
    this.below.set(type, selection);
    return selection;
  }

  infoWith(variableValues: Readonly<Record<string, unknown>>): FieldInfo {
    return { ...this.info, variableValues };
  }

  /** @throws GraphQLError where a value does not fit */
  argumentsWith(variableValues: Readonly<Record<string, unknown>>): Record<string, unknown> {
    const [node] = this.nodes;
    if (node === undefined || this.definition.args.length === 0) return {};
    this.readArguments ??= argumentsReader(this.definition, node);
    return this.readArguments(variableValues);
  }

  /** @throws Error where the value does not say of which object type it is */
  typeOf(value: unknown): GraphQLObjectType {
    const { __typename: name = "" } = value as { readonly __typename?: string };
    const type = this.source.schema.getType(name);
    if (!isObjectType(type)) throw new Error(`${this.coordinate} has a value of an unknown type.`);
    return type;
  }
}

/** The fields that are selected of a type, by their names in the answer, merged as GraphQL says. */
function collect(
  { schema, fragments }: Source,
  type: GraphQLObjectType,
  sets: readonly SelectionSetNode[],
): Map<string, FieldNode[]> {
  const fields = new Map<string, FieldNode[]>();
  // Each fragment counts once, or one that spreads another twice, and so on, would have no end.
  const spread = new Set<string>();
  const applies = (condition: string | undefined) => {
    if (condition === undefined || condition === type.name) return true;
    const abstract = schema.getType(condition);
    return isAbstractType(abstract) && schema.isSubType(abstract, type);
  };
  const add = ({ selections }: SelectionSetNode) => {
    for (const selection of selections) {
      if (selection.kind === Kind.FIELD) {
        const name = selection.alias?.value ?? selection.name.value;
        const nodes = fields.get(name);
        if (nodes === undefined) fields.set(name, [selection]);
        else nodes.push(selection);
        continue;
      }
      if (selection.kind === Kind.FRAGMENT_SPREAD) {
        if (spread.has(selection.name.value)) continue;
        spread.add(selection.name.value);
      }
      const fragment = selection.kind === Kind.INLINE_FRAGMENT ? selection : fragments[selection.name.value];
      if (fragment !== undefined && applies(fragment.typeCondition?.name.value)) add(fragment.selectionSet);
    }
  };
  sets.forEach(add);
  return fields;
}

function definitionOf(
  schema: GraphQLSchema,
  type: GraphQLObjectType,
  name: string,
): GraphQLField<unknown, unknown> | undefined {
  if (name === TypeNameMetaFieldDef.name) return TypeNameMetaFieldDef;
  if (type === schema.getQueryType())
    for (const definition of [SchemaMetaFieldDef, TypeMetaFieldDef])
      if (name === definition.name) return definition;
  return type.getFields()[name];
}

function originOf(definition: GraphQLField<unknown, unknown>, parentType: GraphQLObjectType): Origin {
  if (definition === TypeNameMetaFieldDef) return { kind: "constant", text: quote(parentType.name) };
  const { resolve, extensions } = definition;
  if (resolve === undefined) return { kind: "property" };
  return { kind: extensions.isBatched === true ? "all" : "each", resolve };
}

function shapeOf(type: GraphQLOutputType): Shape {
  const isNonNull = isNonNullType(type);
  const bare = isNonNullType(type) ? type.ofType : type;
  if (isListType(bare)) return { isNonNull, kind: "list", item: shapeOf(bare.ofType) };
  if (isLeafType(bare)) return { isNonNull, kind: "leaf", write: leafWriter(bare) };
  return isObjectType(bare) ? { isNonNull, kind: "object", type: bare } : { isNonNull, kind: "abstract" };
}
