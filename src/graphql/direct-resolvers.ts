import { type GraphQLResolveInfo, type GraphQLSchema, isObjectType } from "graphql";
import { type ClassType, getMetadataStorage } from "type-graphql";

/** The resolver objects of a schema, by their classes. */
export type Instances = ReadonlyMap<unknown, unknown>;

type Given = Readonly<Record<string, unknown>>;
type ParameterOf = (root: unknown, given: Given, context: unknown, info: GraphQLResolveInfo) => unknown;
type Method = (...parameters: readonly unknown[]) => unknown;

/**
 * Makes fields call their methods with what was coerced. type-graphql copies each input into an object of its
 * class first, and looks all fields of all input types up for that: a filter of two conditions takes longer
 * than its statement. Ours have no methods, and the copy holds nothing else.
 */
export function resolveDirectly(schema: GraphQLSchema, instances: Instances): void {
  const { queries, fieldResolvers, objectTypes } = getMetadataStorage();
  const typeNames = new Map(objectTypes.map(({ target, name }) => [target, name] as const));
  for (const { target, methodName, schemaName, params = [], ...rest } of [...queries, ...fieldResolvers]) {
    const instance = instances.get(target) as Readonly<Record<string, Method>> | undefined;
    const method = instance?.[methodName];
    if (method === undefined) continue;
    const owner = "getObjectType" in rest ? typeNames.get(rest.getObjectType?.() as ClassType) : "Query";
    const type = schema.getType(owner ?? "");
    const field = isObjectType(type) ? type.getFields()[schemaName] : undefined;
    if (field === undefined) continue;
    const parameters = params.toSorted((a, b) => a.index - b.index).map(parameterOf);
    field.resolve = (root, given: Given, context: unknown, info) =>
      method.apply(
        instance,
        parameters.map((of) => of(root, given, context, info)),
      );
  }
}

type Parameter = NonNullable<ReturnType<typeof getMetadataStorage>["params"]>[number];

/** @throws Error where a parameter's decorator is none of those that this project uses */
function parameterOf(parameter: Parameter): ParameterOf {
  switch (parameter.kind) {
    case "args":
      return (_root, given) => given;
    case "arg":
      return (_root, given) => given[parameter.name];
    case "root":
      return (root) => root;
    case "context":
      return (_root, _given, context) => context;
    case "info":
      return (_root, _given, _context, info) => info;
    case "custom":
    case "pubSub":
      throw new Error(`${parameter.methodName} has a parameter of another kind: ${parameter.kind}.`);
  }
}
