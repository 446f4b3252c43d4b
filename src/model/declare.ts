import { type ClassType, Field } from "type-graphql";
import type { Kind } from "./kinds.js";
import type { Privacy } from "./privacy.js";

/** What is said of a column. */
interface ColumnTraits {
  /** What it tells of a person. No default: a field that forgets it does not compile. */
  readonly privacy: Privacy;
  readonly nullable?: true;
  /** Part of the primary key, in the order of declaration. */
  readonly primary?: true;
  /** The SQL name, where it is not the property's in snake_case. */
  readonly column?: string;
  /** Worked out of the row that has this alias, and of others: only in a class that reads another's table. */
  readonly derived?: (row: string) => string;
  readonly default?: number;
  /**
   * Whippy's name of it in the payload. The value of the newest event that has one is kept (see
   * events/merge.ts).
   */
  readonly payload?: string;
  /** Like `payload`, of what an event tells elsewhere than in a field of its own. */
  readonly fromEvent?: true;
  /**
   * Added to the payload since the last release: see events/merge.ts. The release after drops this trait.
   */
  readonly isNew?: true;
  /** A column of exports, in the order of declaration. */
  readonly exported?: true;
  /** Its name in the enum of sort keys. */
  readonly sortKey?: string;
  readonly description?: string;
}

/** What is said of a field that is stored and served. */
export interface PropertyTraits extends ColumnTraits {
  /** The documentation of the GraphQL field, and of the field of the filter. */
  readonly description: string;
  /**
   * A field that no filter knows says why. By default every field whose kind can be compared is in the
   * filter.
   */
  readonly notFiltered?: string;
  /** Its words are found by `search`. */
  readonly searched?: true;
  /** Served by a resolver that computes it of the stored value. */
  readonly computed?: true;
}

/** A declared field, as the rest of the code sees it. */
export interface Property {
  readonly name: string;
  readonly kind: Kind;
  readonly column: string;
  readonly isServed: boolean;
  readonly traits: ColumnTraits & Partial<PropertyTraits>;
}

/** What is said of a table. */
export interface TableTraits {
  readonly table: string;
  readonly indices?: readonly IndexTraits[];
}

export interface IndexTraits {
  readonly name: string;
  /** Properties, not SQL names. */
  readonly columns: readonly string[];
  readonly unique?: true;
  readonly fulltext?: true;
}

const declared = new WeakMap<object, Property[]>();
const tables = new WeakMap<object, TableTraits>();

/**
 * A field that is stored and served: it is a column, a GraphQL field, a field of the filter, and what its
 * traits say.
 */
export function Property(kind: Kind, traits: PropertyTraits): PropertyDecorator {
  return (prototype, key) => {
    add(prototype, key, kind, traits, true);
    if (traits.computed) return;
    Field(() => kind.type, {
      description: traits.description,
      nullable: traits.nullable ?? false,
    })(prototype, key);
  };
}

/** A field that is stored and not served. */
export function Column(kind: Kind, traits: ColumnTraits): PropertyDecorator {
  return (prototype, key) => {
    add(prototype, key, kind, traits, false);
  };
}

/** The table that a class is stored in. */
export function Table(traits: TableTraits): ClassDecorator {
  return (type) => {
    tables.set(type, traits);
  };
}

function add(
  prototype: object,
  key: string | symbol,
  kind: Kind,
  traits: Property["traits"],
  isServed: boolean,
): void {
  const name = String(key);
  const own = declared.get(prototype) ?? [];
  declared.set(prototype, own);
  const column = traits.column ?? snakeCase(name);
  own.push({ name, kind, column, isServed, traits });
  if (kind.keepsDecimals) own.push(decimalsOf(name, column, traits));
}

/** The second column of an instant: with how many decimals it was received. */
function decimalsOf(name: string, column: string, { privacy, nullable }: ColumnTraits): Property {
  return {
    name: decimalsName(name),
    kind: { column: { type: "integer" }, type: Number },
    column: `${column}_decimals`,
    isServed: false,
    traits: { privacy, ...(nullable && { nullable }) },
  };
}

export function decimalsName(name: string): string {
  return `${name}Decimals`;
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** The fields of a class in the order of their declaration, those of its base classes first. */
export function propertiesOf(type: ClassType): readonly Property[] {
  const chain: Property[][] = [];
  for (let at: unknown = type.prototype; at !== null; at = Object.getPrototypeOf(at))
    chain.unshift(declared.get(at as object) ?? []);
  return chain.flat();
}

/** @throws Error where the class is not stored in a table */
export function tableTraitsOf(type: ClassType): TableTraits {
  const traits = tables.get(type);
  if (traits === undefined) throw new Error(`${type.name} is declared without a table.`);
  return traits;
}

/**
 * A row, as it is stored: instants as DATETIME(6) text, and JSON as text.
 * (A class says what is served, where JSON is any value.)
 */
export type Row<Type> = {
  readonly [Name in keyof Type]: unknown extends Type[Name] ? string | null : Type[Name];
};

/** What is served of a declared class: a plain object, never an instance. */
export type Served<Type> = { readonly [Name in keyof Type]: Type[Name] };

/** The columns that keep with how many decimals instants were received. */
export type Decimals<Name extends string> = Readonly<Record<`${Name}Decimals`, number | null>>;
