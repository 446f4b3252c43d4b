import type { FieldError } from "../errors.js";

const mostListed = 20;

/**
 * Lists what of an event was left out, though the event was kept: fields and the rules they break, never
 * values. Bounded: one event may hold millions of such fields.
 */
export class Notes {
  private readonly listed: FieldError[];
  private unlisted = 0;

  constructor(first: readonly FieldError[] = []) {
    this.listed = [...first];
  }

  add(notes: Iterable<FieldError>): void {
    for (const note of notes) {
      if (this.listed.length < mostListed) this.listed.push(note);
      else this.unlisted += 1;
    }
  }

  /** The first 20; how many more there are stands in one further note. */
  toList(): readonly FieldError[] {
    if (this.unlisted === 0) return this.listed;
    return [...this.listed, { field: "*", rule: `${this.unlisted} more fields break a rule` }];
  }
}
