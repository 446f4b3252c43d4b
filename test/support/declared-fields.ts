import { randomUUID } from "node:crypto";
import type { ClassType } from "type-graphql";
import { type Property, propertiesOf } from "../../src/model/declare.js";
import type { ComparatorName } from "../../src/model/kinds.js";

/** The fields of a declared class that filters know. */
export function comparedFields(type: ClassType): readonly Property[] {
  return propertiesOf(type).filter(
    ({ isServed, kind, traits }) => isServed && kind.comparator !== undefined && !traits.notFiltered,
  );
}

/** A GraphQL selection of these fields. */
export function selectionOf(fields: readonly Property[]): string {
  return fields.map(({ name }) => name).join(" ");
}

/** Values of a payload for each kind that filters compare. */
const examples: Readonly<Partial<Record<ComparatorName, readonly unknown[]>>> = {
  String: ["new", "New ", ""],
  Int: [0, 1, -7],
  Float: [4.5, 1, 0],
  Boolean: [true, false],
  DateTime: ["2025-08-19T06:40:57Z", "2025-08-19T06:40:57.000001Z"],
};

/**
 * Adds what a payload may hold and Whippy's samples do not have yet, so that a field is tried as soon as it
 * is declared.
 * @param turn chooses among the values; at times there is none
 */
export function addNewFields(type: ClassType, payload: Record<string, unknown>, turn: number): void {
  for (const { kind, traits } of propertiesOf(type)) {
    const { payload: name } = traits;
    const { comparator } = kind;
    if (name === undefined || name in payload || comparator === undefined) continue;
    const values = comparator === "ID" ? [randomUUID()] : (examples[comparator] ?? []);
    const value = values[turn % (values.length + 1)];
    if (value !== undefined) payload[name] = value;
  }
}
