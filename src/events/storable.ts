import { isJsonObject, type JsonObject } from "./json.js";

/** Deeper nesting than any payload has; it bounds every recursion over a payload. */
const greatestDepth = 64;

/** The first places that are found: one value may hold millions. */
const mostFound = 10;

/** A place in a JSON value, and the rule it breaks. */
export interface Unstorable {
  readonly path: string[];
  readonly rule: string;
}

/**
 * Finds what of a parsed JSON value could not be stored and read back as it came: lone surrogates in texts
 * and keys (no Unicode text, and MySQL would silently store U+FFFD in their place), numbers beyond the range
 * of a double, and nesting deeper than 64.
 * @returns at most ten places, each with the rule it breaks; empty where all is well.
 */
export function findUnstorable(value: unknown): Unstorable[] {
  const found: Unstorable[] = [];
  visit(value, [], found);
  return found;
}

/**
 * The members of a JSON object that can be stored. Undefined where there are none, and for any other value.
 */
export function storableMembers(value: unknown): JsonObject | undefined {
  if (!isJsonObject(value)) return undefined;
  const members = Object.entries(value).filter(
    ([key, member]) => findUnstorable({ [key]: member }).length === 0,
  );
  return members.length === 0 ? undefined : Object.fromEntries(members);
}

function visit(value: unknown, keys: string[], found: Unstorable[]): void {
  if (found.length >= mostFound) return;
  const report = (rule: string) => found.push({ path: [...keys], rule });
  if (typeof value === "string") {
    if (!value.isWellFormed()) report("must be Unicode text (a surrogate stands alone)");
  } else if (typeof value === "number") {
    if (!Number.isFinite(value)) report("must be a number in the range of a double");
  } else if (typeof value === "object" && value !== null) {
    if (keys.length >= greatestDepth) {
      report(`must not be nested deeper than ${greatestDepth} levels`);
      return;
    }
    for (const [key, item] of Object.entries(value)) {
      keys.push(key);
      visit(item, keys, found);
      keys.pop();
      if (!key.isWellFormed()) report("must have Unicode keys (a surrogate stands alone)");
    }
  }
}
