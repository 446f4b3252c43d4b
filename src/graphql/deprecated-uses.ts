import {
  type DocumentNode,
  getNamedType,
  type GraphQLInputType,
  type GraphQLSchema,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from "graphql";

const none: readonly string[] = [];

/**
 * Finds deprecated elements of the schema that documents name: what is still asked for must not be removed
 * yet. Values of variables are not looked at.
 */
export class DeprecatedUses {
  private readonly found = new WeakMap<DocumentNode, readonly string[]>();
  private readonly isAnything: boolean;

  constructor(private readonly schema: GraphQLSchema) {
    this.isAnything = hasDeprecated(schema);
  }

  /** @returns coordinates such as `Session.field`, `Query.sessions(first:)` and `Order.ID`, each once */
  of(document: DocumentNode): readonly string[] {
    if (!this.isAnything) return none;
    const known = this.found.get(document);
    if (known !== undefined) return known;
    const uses = [...this.search(document)];
    this.found.set(document, uses);
    return uses;
  }

  private search(document: DocumentNode): Set<string> {
    const uses = new Set<string>();
    const types = new TypeInfo(this.schema);
    const note = (element: { deprecationReason?: unknown } | null | undefined, coordinate: string) => {
      if (element?.deprecationReason) uses.add(coordinate);
    };
    const fieldName = () => `${types.getParentType()?.name ?? ""}.${types.getFieldDef()?.name ?? ""}`;
    const visitor = visitWithTypeInfo(types, {
      Field: () => {
        note(types.getFieldDef(), fieldName());
      },
      Argument: () => {
        const argument = types.getArgument();
        note(argument, `${fieldName()}(${argument?.name ?? ""}:)`);
      },
      ObjectField: ({ name }) => {
        const parent = named(types.getParentInputType());
        if (isInputObjectType(parent)) note(parent.getFields()[name.value], `${parent.name}.${name.value}`);
      },
      EnumValue: ({ value }) => {
        note(types.getEnumValue(), `${named(types.getInputType())?.name ?? ""}.${value}`);
      },
    });
    visit(document, visitor);
    return uses;
  }
}

function named(type: GraphQLInputType | null | undefined) {
  return getNamedType(type ?? undefined);
}

function hasDeprecated(schema: GraphQLSchema): boolean {
  const isDeprecated = (element: { deprecationReason?: unknown }) => Boolean(element.deprecationReason);
  return Object.values(schema.getTypeMap())
    .filter(({ name }) => !name.startsWith("__"))
    .some((type) => {
      if (isEnumType(type)) return type.getValues().some(isDeprecated);
      if (isInputObjectType(type)) return Object.values(type.getFields()).some(isDeprecated);
      if (!isObjectType(type) && !isInterfaceType(type)) return false;
      return Object.values(type.getFields()).some(
        (field) => isDeprecated(field) || field.args.some(isDeprecated),
      );
    });
}
