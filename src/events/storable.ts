import type { FieldError } from "../errors.js";

/** Deeper nesting than any payload has; it bounds every recursion over a payload. */
const greatestDepth = 64;

/**
 * Finds what of a parsed JSON value could not be stored and read back as it came: lone surrogates in texts and keys (no Unicode text,
 * and MySQL would silently store U+FFFD in their place), numbers beyond the range of a double, and nesting deeper than 64.
 * @returns at most ten places, each with the rule it breaks; empty where all is well.
 */
export function findUnstorable(value: unknown, path: string): FieldError[] {
  const errors: FieldError[] = [];
  visit(value, [path], errors);
  return errors;
}

function visit(value: unknown, keys: string[], errors: FieldError[]): void {
  if (errors.length >= 10) return;
  if (typeof value === "string") {
    if (!value.isWellFormed()) complain("must be Unicode text (a surrogate stands alone)", keys, errors);
  } else if (typeof value === "number") {
    if (!Number.isFinite(value)) complain("must be a number in the range of a double", keys, errors);
  } else if (typeof value === "object" && value !== null) {
    if (keys.length > greatestDepth) {
      complain(`must not be nested deeper than ${greatestDepth} levels`, keys, errors);
      return;
    }
    for (const [key, item] of Object.entries(value)) {
      keys.push(key);
      visit(item, keys, errors);
      keys.pop();
      if (!key.isWellFormed()) complain("must have Unicode keys (a surrogate stands alone)", keys, errors);
    }
  }
}

/** The path is written only now: nearly every payload is without fault. */
function complain(rule: string, [first = "", ...keys]: readonly string[], errors: FieldError[]): void {
  if (errors.length >= 10) return;
  errors.push({
    field: [first, ...keys.filter((key) => key.isWellFormed()).map(nameInPath)].join("."),
    rule,
  });
}

/** Unknown keys may themselves be personal data: only what looks like a field name or an index is repeated. */
function nameInPath(key: string): string {
  return /^[A-Za-z_][A-Za-z0-9_]{0,63}$|^\d{1,6}$/.test(key) ? key : "*";
}
