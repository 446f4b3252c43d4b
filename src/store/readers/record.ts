import type { ClassType } from "type-graphql";
import { decimalsName, type Property, propertiesOf } from "../../model/declare.js";
import type { SqlValue } from "../sql/transaction.js";
import type { FilterField } from "./filter.js";
import type { OrderTerm, Position } from "./page.js";

/** A row that is being made a record: the driver's own object, because copying takes as long as reading. */
type Draft = Record<string, unknown>;

/** How one declared class is read: its columns, its served form, its filter. */
export interface RecordShape {
  readonly properties: ReadonlyMap<string, Property>;
  /** Fields that are stored in another form than they are served. */
  readonly converted: readonly Property[];
  readonly filterFields: Readonly<Record<string, FilterField>>;
}

const shapes = new WeakMap<ClassType, RecordShape>();

/** What the declaration of a class says of reading it. */
export function shapeOf(type: ClassType): RecordShape {
  const shape = shapes.get(type) ?? makeShape(type);
  shapes.set(type, shape);
  return shape;
}

function makeShape(type: ClassType): RecordShape {
  const properties = propertiesOf(type);
  return {
    properties: new Map(properties.map((property) => [property.name, property])),
    converted: properties.filter(({ kind }) => kind.toServed !== undefined),
    filterFields: Object.fromEntries(
      properties
        .filter(({ kind, isServed, traits }) => isServed && kind.comparator && !traits.notFiltered)
        .map((property) => [property.name, filterField(property)]),
    ),
  };
}

function filterField({ kind, column, traits }: Property): FilterField {
  const { derived } = traits;
  return {
    column,
    nullable: traits.nullable ?? false,
    ...(derived && { expression: (_, row) => derived(row) }),
    ...(kind.isText && { isText: true }),
    ...(kind.isPacked && { isPacked: true }),
    ...(kind.column.type === "ascii" && { isAscii: true }),
    ...(kind.toStored && { stored: kind.toStored }),
  };
}

/** The stored properties that fields are made of. */
export function storedFor<Name extends string>(
  type: ClassType,
  fields: Iterable<string>,
  further: Iterable<Name> = [],
): Set<Name> {
  const { properties } = shapeOf(type);
  const names = new Set<string>(further);
  for (const field of fields) {
    const property = properties.get(field);
    if (property === undefined) continue;
    names.add(field);
    if (property.kind.keepsDecimals) names.add(decimalsName(field));
    // Which answers may be seen depends on the questions.
    if (property.traits.privacy.masked === "answers") names.add("revisionId");
  }
  return names as Set<Name>;
}

/**
 * Turns rows themselves into records: copying each took as long as reading it.
 * @param fields those that are served
 */
export function recordMaker(type: ClassType, fields: ReadonlySet<string>): (row: object) => unknown {
  const conversions = shapeOf(type)
    .converted.filter(({ name }) => fields.has(name))
    .map(({ name, kind }) => ({ name, kind, decimals: decimalsName(name) }));
  return (row) => {
    const record = row as Draft;
    for (const { name, kind, decimals } of conversions) {
      const value = record[name];
      if (value === null || value === undefined) continue;
      record[name] = kind.toServed?.(value as never, record[decimals] as number | null);
    }
    return record;
  };
}

/**
 * Where records stand in an order: worked out of what they serve, for the few whose cursors are asked for.
 * @param fields those that were made of stored values, as told to {@link recordMaker}
 */
export function positionsIn(
  type: ClassType,
  order: readonly OrderTerm[],
  fields: ReadonlySet<string>,
): (record: object) => Position {
  const { properties } = shapeOf(type);
  const terms = order.map(({ property }) => {
    const kind = properties.get(property)?.kind;
    const isServed = kind?.toServed !== undefined && fields.has(property);
    return { property, toStored: isServed ? kind.toStored : undefined };
  });
  return (record) =>
    terms.map(({ property, toStored }) => {
      const value = (record as Draft)[property] as SqlValue;
      return value === null || toStored === undefined ? value : toStored(value as never);
    });
}
