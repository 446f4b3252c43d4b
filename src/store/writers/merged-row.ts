import type { ClassType } from "type-graphql";
import { decimalsOf, fromDatetime, toDatetime } from "../../model/instant.js";
import type { Merged } from "../../events/merge.js";
import { decimalsName, propertiesOf } from "../../model/declare.js";

type Values = Record<string, unknown>;

/** What events say of a declared thing, and how its merged state is stored: see events/merge.ts. */
export class MergedRow<Facts extends object> {
  /** The fields that events tell, in the order of declaration. */
  readonly facts: readonly (keyof Facts & string)[];
  /** Those of them that keep an order key of their own. */
  readonly newFacts: ReadonlySet<string>;
  private readonly instants: ReadonlySet<string>;

  constructor(type: ClassType) {
    const told = propertiesOf(type).filter(({ traits }) => traits.payload ?? traits.fromEvent);
    this.facts = told.map(({ name }) => name) as (keyof Facts & string)[];
    this.newFacts = new Set(told.filter(({ traits }) => traits.isNew).map(({ name }) => name));
    this.instants = new Set(told.filter(({ kind }) => kind.keepsDecimals).map(({ name }) => name));
  }

  /** The columns of a merged state: instants as DATETIME(6) text, with their decimals beside them. */
  toColumns({ fields, source, older }: Merged<Facts>): Values {
    const columns: Values = {
      ...fields,
      source,
      older: Object.keys(older).length === 0 ? null : JSON.stringify(older),
    };
    for (const name of this.instants) {
      const instant = (fields as Values)[name] as string | null;
      columns[name] = instant === null ? null : toDatetime(instant);
      columns[decimalsName(name)] = instant === null ? null : decimalsOf(instant);
    }
    return columns;
  }

  fromColumns(row: { readonly source: string; readonly older: string | null }): Merged<Facts> {
    const stored = row as unknown as Values;
    const fields: Values = {};
    for (const name of this.facts) {
      const value = stored[name] as string | null;
      const isInstant = this.instants.has(name) && value !== null;
      fields[name] = isInstant
        ? fromDatetime(value, (stored[decimalsName(name)] as number | null) ?? 6)
        : value;
    }
    return {
      fields: fields as Facts,
      source: row.source,
      older: row.older === null ? {} : (JSON.parse(row.older) as Merged<Facts>["older"]),
    };
  }

  /** Whether a row holds these facts, word for word. */
  repeats(row: object, facts: Facts): boolean {
    return this.facts.every((name) => {
      const told = facts[name] as string | null;
      const stored = (row as Values)[name];
      if (!this.instants.has(name) || told === null) return told === stored;
      return toDatetime(told) === stored && decimalsOf(told) === (row as Values)[decimalsName(name)];
    });
  }
}
