type Scalar = string | number;

/**
 * Deeper nesting than any payload has. What is rewritten keeps no more of it: neither we nor JSON.stringify
 * have a stack for all.
 */
const greatestDepth = 500;

/**
 * Passes over every text and number of a JSON value, keys of objects too, at any depth, without recursion.
 * @param visit gets a scalar and the key of the object's field in which it, or the array that holds it,
 * stands
 */
export function* scalarsOf(value: unknown): Generator<[scalar: Scalar, key: string | undefined], void, void> {
  const left: [value: unknown, key: string | undefined][] = [[value, undefined]];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const [each, key] = next;
    if (typeof each === "string" || typeof each === "number") yield [each, key];
    else if (Array.isArray(each)) for (const item of each as unknown[]) left.push([item, key]);
    else if (typeof each === "object" && each !== null) {
      for (const [name, item] of Object.entries(each)) {
        yield [name, undefined];
        left.push([item, name]);
      }
    }
  }
}

/**
 * Applies a change to every text and number of a JSON value, and another to every key; what is nested beyond
 * all measure is null.
 */
export function mapScalars(
  value: unknown,
  change: (scalar: Scalar) => unknown,
  changeKey: (key: string) => string = (key) => key,
  depth = 0,
): unknown {
  if (typeof value === "string" || typeof value === "number") return change(value);
  if (typeof value !== "object" || value === null) return value;
  if (depth > greatestDepth) return null;
  if (Array.isArray(value)) return value.map((item) => mapScalars(item, change, changeKey, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      changeKey(key),
      mapScalars(item, change, changeKey, depth + 1),
    ]),
  );
}
