import { TextCache } from "./text-cache.js";

/** A longer one is hardly given twice, and would be kept as a key of what came once. */
const longestText = 2_000;

/** Objects out of JSON that were given before, by what they are read as and their texts. */
const given = new TextCache<object>();
let readings = 0;

/**
 * Clients ask by the same few filters time after time: for one page after the other, or to look again. What
 * they give is read once, and the same text is the same object, by which more is remembered of it.
 * @param read makes an object of a value out of JSON; anything else that it makes is not kept
 */
export function readOnce(read: (value: unknown) => unknown): (value: unknown) => unknown {
  readings += 1;
  const name = String(readings);
  return (value) => {
    if (typeof value !== "object" || value === null) return read(value);
    const text = JSON.stringify(value);
    if (text.length > longestText) return read(value);
    const key = `${name} ${text}`;
    const known = given.get(key);
    if (known !== undefined) return known;
    const made = read(value);
    if (typeof made === "object" && made !== null) given.set(key, lasting(made), key.length);
    return made;
  };
}

/** Whoever else asks gets the same object: none of them may change it. */
export function lasting<Value extends object>(value: Value): Value {
  for (const part of Object.values(value) as unknown[])
    if (typeof part === "object" && part !== null) lasting(part);
  return Object.freeze(value);
}
