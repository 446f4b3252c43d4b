import {
  astFromValue,
  getNamedType,
  getNullableType,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLObjectType,
  type GraphQLSchema,
  isEnumType,
  isInputObjectType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  print,
} from "graphql";

/** A value of an input that holds null or nothing at a place. */
export interface Hollow {
  readonly value: unknown;
  /** The place, from the value on. */
  readonly path: readonly (string | number)[];
}

type InputObject = Extract<GraphQLInputType, { getFields: unknown }>;

/**
 * Every way in which a value of the type can be hollow: each nullable field null, each list and each object
 * empty, each text that is searched for. A type within itself is entered once; a type that was seen before is
 * shown by its first field.
 */
export function* hollowValues(type: GraphQLInputType, seen = new Set<string>()): Generator<Hollow> {
  const bare = getNullableType(type);
  if (isListType(bare)) {
    yield { value: [], path: [] };
    yield* below(bare.ofType, 0, seen, (item) => [item]);
  } else if (isInputObjectType(bare)) yield* hollowObjects(bare, seen);
}

function* hollowObjects(type: InputObject, seen: Set<string>): Generator<Hollow> {
  const optional = Object.values(type.getFields()).filter((field) => !isNonNullType(field.type));
  const isNew = !seen.has(type.name);
  seen.add(type.name);
  for (const { name, type: fieldType } of optional) {
    const holding = (part: unknown) => ({ ...required(type), [name]: part });
    yield { value: holding(null), path: [name] };
    if (/^(contains|startsWith)/.test(name)) yield { value: holding(""), path: [name] };
    if (!isNew) return;
    yield* below(fieldType, name, seen, holding);
  }
}

function* below(
  type: GraphQLInputType,
  step: string | number,
  seen: Set<string>,
  holding: (part: unknown) => unknown,
): Generator<Hollow> {
  const bare = getNullableType(type);
  if (isInputObjectType(bare) && (step !== 0 || bare.name.endsWith("Filter")))
    yield { value: holding(required(bare)), path: [step] };
  for (const { value, path } of hollowValues(bare, seen))
    yield { value: holding(value), path: [step, ...path] };
}

function required(type: InputObject): Record<string, unknown> {
  const fields = Object.values(type.getFields()).filter((field) => isNonNullType(field.type));
  return Object.fromEntries(
    fields
      .filter(({ defaultValue }) => defaultValue === undefined)
      .map(({ name, type: fieldType }) => [name, someValue(fieldType)]),
  );
}

function someValue(type: GraphQLInputType): unknown {
  const bare = getNullableType(type);
  if (isListType(bare)) return [someValue(bare.ofType)];
  if (isInputObjectType(bare)) return required(bare);
  return isEnumType(bare) ? bare.getValues()[0]?.name : "a";
}

/** A field with an argument that may be hollow, and the fields that lead to it from the root. */
export interface HollowPlace {
  readonly root: "query" | "subscription";
  readonly way: readonly string[];
  readonly field: GraphQLField<unknown, unknown>;
  readonly argument: GraphQLArgument;
}

/** Every such place; fields on the way to it need no arguments. */
export function hollowPlaces(schema: GraphQLSchema): HollowPlace[] {
  const places: HollowPlace[] = [];
  const seen = new Set<GraphQLObjectType>();
  const visit = (root: HollowPlace["root"], type: GraphQLObjectType, way: readonly string[]) => {
    if (seen.has(type)) return;
    seen.add(type);
    for (const field of Object.values(type.getFields()))
      for (const argument of field.args)
        if (canBeHollow(argument)) places.push({ root, way, field, argument });
  };
  const levels = (root: HollowPlace["root"], type: GraphQLObjectType) => {
    let level: { type: GraphQLObjectType; way: readonly string[] }[] = [{ type, way: [] }];
    while (level.length > 0) {
      for (const each of level) visit(root, each.type, each.way);
      level = level.flatMap(({ type: parent, way }) =>
        Object.values(parent.getFields()).flatMap((field) => {
          const named = getNamedType(field.type);
          const isWay = isObjectType(named) && !seen.has(named) && !field.args.some(isRequired);
          return isWay ? [{ type: named, way: [...way, field.name] }] : [];
        }),
      );
    }
  };
  const [query, subscription] = [schema.getQueryType(), schema.getSubscriptionType()];
  if (query) levels("query", query);
  if (subscription) levels("subscription", subscription);
  return places;
}

function isRequired({ type, defaultValue }: GraphQLArgument): boolean {
  return isNonNullType(type) && defaultValue === undefined;
}

function canBeHollow({ type }: GraphQLArgument): boolean {
  return !isNonNullType(type) && (isListType(type) || isInputObjectType(type));
}

/** The operation that asks there, with `text` for the argument. */
export function operationAt({ root, way, field, argument }: HollowPlace, text: string, head = ""): string {
  const needed = field.args.filter(isRequired).map(({ name, type }) => {
    const node = astFromValue(someValue(type), type);
    return `${name}: ${node ? print(node) : "null"}`;
  });
  const given = [...needed, `${argument.name}: ${text}`].join(", ");
  const selection = isLeafType(getNamedType(field.type)) ? "" : " { __typename }";
  const asked = `${field.name}(${given})${selection}`;
  return `${root} ${head} ${way.reduceRight((inner, name) => `{ ${name} ${inner} }`, `{ ${asked} }`)}`;
}

/** A value as GraphQL writes it. */
export function literal(value: unknown, type: GraphQLInputType): string {
  const bare = getNullableType(type);
  if (value === null) return "null";
  if (Array.isArray(value) && isListType(bare))
    return `[${value.map((each) => literal(each, bare.ofType)).join(", ")}]`;
  if (typeof value === "object" && isInputObjectType(bare)) {
    const fields = bare.getFields();
    const parts = Object.entries(value).map(
      ([name, part]) => `${name}: ${literal(part, (fields[name] ?? { type: bare }).type)}`,
    );
    return `{${parts.join(", ")}}`;
  }
  return isEnumType(bare) && typeof value === "string" ? value : JSON.stringify(value);
}
