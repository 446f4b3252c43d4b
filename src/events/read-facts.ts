import type { ClassType } from "type-graphql";
import { type Property, propertiesOf } from "../model/declare.js";

const told = new WeakMap<ClassType, readonly Property[]>();

function toldBy(type: ClassType): readonly Property[] {
  const known = told.get(type) ?? propertiesOf(type).filter(({ traits }) => traits.payload !== undefined);
  told.set(type, known);
  return known;
}

/**
 * What a payload says of a declared thing, by the fields' names in the payload.
 * @param received read by its schema: each value is of its field's kind, or missing
 * @returns null for what is absent or null: the event says nothing of it
 */
export function readFacts(type: ClassType, received: Record<string, unknown>): unknown {
  const facts: Record<string, unknown> = {};
  for (const { name, kind, traits } of toldBy(type)) {
    const value = received[traits.payload ?? name] ?? null;
    facts[name] = value === null || kind.fromPayload === undefined ? value : kind.fromPayload(value as never);
  }
  return facts;
}
