/**
 * What Unicode's simple case folding says otherwise than its upper and lower case do: the Turkish ı is no i,
 * and these pairs are two spellings of one letter.
 */
const irregular: ReadonlyMap<string, string> = new Map([
  ["\u0131", "\u0131"],
  ["\u1fd3", "\u0390"],
  ["\u1fe3", "\u03b0"],
  ["\ufb05", "\ufb06"],
]);

/** No letter beyond this code point has case. */
const lastCased = 0x1ffff;

/** The spellings of each letter that has several, by its folded form, which is the first of them. */
let spellings: ReadonlyMap<string, readonly string[]> | undefined;

/**
 * All characters that differ from a character in case only, its folded form first: Unicode's simple case
 * folding. One character stands for one, so ß and ss differ, and so do e and é.
 */
export function caseVariants(character: string): readonly string[] {
  // Made at first use: it takes some 50 ms.
  spellings ??= findSpellings();
  const folded = fold(character);
  return spellings.get(folded) ?? [folded];
}

function fold(character: string): string {
  const exception = irregular.get(character);
  if (exception !== undefined) return exception;
  return one(one(character.toUpperCase(), character).toLowerCase(), character);
}

/** A mapping to several characters (ß to SS) counts as none. */
function one(mapped: string, character: string): string {
  return Array.from(mapped).length === 1 ? mapped : character;
}

function findSpellings(): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (let code = 0; code <= lastCased; code += 1) {
    const character = String.fromCodePoint(code);
    const folded = fold(character);
    if (folded === character) continue;
    const known = found.get(folded);
    if (known === undefined) found.set(folded, [folded, character]);
    else known.push(character);
  }
  return found;
}
