import type { FieldError } from "../errors.js";

/** Deeper nesting than any payload has; it bounds every recursion over a payload. */
const greatestDepth = 64;

/** A UTF-16 surrogate without its other half: no Unicode text, and MySQL would silently store U+FFFD in its place. */
const loneSurrogate = /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/;

/**
 * Finds what of a parsed JSON value could not be stored and read back as it came: lone surrogates (in texts and keys), numbers
 * beyond the range of a double, and nesting deeper than 64.
 * @returns at most ten places, each with the rule it breaks; empty where all is well.
 */
export function findUnstorable(value: unknown, path: string): FieldError[] {
  const errors: FieldError[] = [];
  visit(value, path, 0, errors);
  return errors;
}

function visit(value: unknown, path: string, depth: number, errors: FieldError[]): void {
  if (errors.length >= 10) return;
  if (typeof value === "string") {
    if (loneSurrogate.test(value))
      errors.push({ field: path, rule: "must be Unicode text (a surrogate stands alone)" });
  } else if (typeof value === "number") {
    if (!Number.isFinite(value))
      errors.push({ field: path, rule: "must be a number in the range of a double" });
  } else if (typeof value === "object" && value !== null) {
    if (depth === greatestDepth) {
      errors.push({ field: path, rule: `must not be nested deeper than ${greatestDepth} levels` });
      return;
    }
    for (const [key, item] of Object.entries(value)) {
      const unnameable = loneSurrogate.test(key);
      if (unnameable) errors.push({ field: path, rule: "must have Unicode keys (a surrogate stands alone)" });
      visit(item, unnameable ? path : `${path}.${nameInPath(key)}`, depth + 1, errors);
    }
  }
}

/** Unknown keys may themselves be personal data: only what looks like a field name or an index is repeated. */
function nameInPath(key: string): string {
  return /^[A-Za-z_][A-Za-z0-9_]{0,63}$|^\d{1,6}$/.test(key) ? key : "*";
}
