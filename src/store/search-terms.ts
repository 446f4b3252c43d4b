import toSimplified from "opencc-js/dict/TSCharacters";
import { asciiDigit, digitRuns } from "../events/digits.js";
import { readPhoneNumber } from "../events/phone-number.js";

/**
 * The words of texts, in a form that every full-text index cuts alike. MySQL's, MariaDB's and SQLite's
 * indexes disagree on what a word is, on stop words, shortest words, accents and on scripts without spaces
 * (MariaDB has no ngram parser at all). So texts are cut into words here, and the index sees ASCII words
 * only, each with the same rules everywhere (docs/API.md tells clients):
 *
 * - a word is a run of letters and digits, or an emoji; {@link folded} says what does not count;
 * - Chinese, Japanese, Thai, Lao, Khmer and Burmese have no spaces: each two neighbouring characters are a
 * word;
 * - what an apostrophe or a phone number's punctuation separates is also a word as a whole;
 * - characters beyond a-z and 0-9 are written as `q` and four hexadecimal digits, `q` itself as `qq`. A
 * beginning of a word stays a beginning of its written form, so "starts with" can be asked of the index.
 */
const mark = "xx";
/** InnoDB's longest word has 84 characters; of longer words only the beginning counts. */
const longestWord = 80;

const unspaced =
  "\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Thai}\\p{Script=Lao}\\p{Script=Khmer}\\p{Script=Myanmar}";
const runs = new RegExp(
  `[${unspaced}]+|(?:(?![${unspaced}])[\\p{L}\\p{N}])+|\\p{Extended_Pictographic}`,
  "gu",
);
const apostrophe = /['’ʼ]/;
/** Words with an apostrophe between letters: O'Brien. */
const elisions = /(?<![\p{L}'’ʼ])\p{L}{1,40}(?:['’ʼ]\p{L}{1,40})+/gu;
/** Arabic's article is written with its word, which is looked for without it. */
const article = /^ال(?=.{2})/u;
/** More phone numbers than a session speaks of. */
const mostNumbers = 1_000;
const longestNumber = 15;
const shortestNumber = 7;
const isAscii = /^[\0-\x7f]*$/;
/** What is written as it is: all that `written` would leave alone. */
const isPlain = /^[a-pr-z0-9]{1,78}$/;
const isUnspaced = new RegExp(`^[${unspaced}]`, "u");

/**
 * What is stored of some texts: each word once, in order and between spaces. The order of the texts makes no
 * difference.
 */
export function searchTerms(texts: readonly (string | null)[]): string {
  // A translation often is its original, and most words come again.
  const distinct = [...new Set(texts)];
  const words = new Set<string>();
  const terms = new Set<string>();
  for (const text of distinct) {
    if (text === null) continue;
    const plain = folded(text);
    for (const run of wordRuns(plain)) words.add(run);
    if (!apostrophe.test(plain)) continue;
    for (const [word] of plain.matchAll(elisions)) terms.add(written(word.replace(/['’ʼ]/g, "")));
  }
  for (const word of words) {
    if (!isUnspaced.test(word)) terms.add(written(word));
    // The last character also stands alone, so that each character begins some word.
    else for (const pair of pairs(word, 1)) terms.add(written(pair));
    if (article.test(word)) terms.add(written(word.replace(article, "")));
  }
  for (const number of numbersIn(distinct)) terms.add(written(number));
  return terms.size === 0 ? "" : ` ${[...terms].sort().join(" ")} `;
}

/** What is looked for: each of these begins a word of the text. */
export function wantedTerms(query: string): string[] {
  const terms = Array.from(wordRuns(folded(withoutCallingCodes(query)))).flatMap((run) =>
    isUnspaced.test(run) ? pairs(run, 2) : [run],
  );
  return [...new Set(terms.map(written))];
}

function wordRuns(plain: string): Iterable<string> {
  if (isAscii.test(plain)) return plain.match(/[a-z0-9]+/g) ?? [];
  return plain.match(runs) ?? [];
}

/**
 * Phone numbers without their punctuation, from each group of digits on, and without the country's code or
 * the zero in front.
 */
function numbersIn(texts: readonly (string | null)[]): Set<string> {
  const numbers = new Set<string>();
  // The most that is kept must not depend on the order of the texts.
  for (const text of texts.filter((each) => each !== null).sort()) {
    for (const { digits, groups } of digitRuns(text)) {
      for (const [index, { at, length }] of groups.entries()) {
        if (numbers.size >= mostNumbers) return numbers;
        let end = at + length;
        for (const next of groups.slice(index + 1, index + longestNumber)) {
          if (next.at + next.length - at > longestNumber) break;
          end = next.at + next.length;
        }
        const number = digits.slice(at, end);
        if (number.length < shortestNumber || number.length > longestNumber) continue;
        numbers.add(number);
        if (number.startsWith("0")) numbers.add(number.replace(/^0{1,2}/, ""));
        if (length > longestNumber - 5)
          for (const tail of readPhoneNumber(`+${number}`)?.tails ?? []) numbers.add(tail);
      }
    }
  }
  return numbers;
}

/**
 * A query whose phone numbers are as their own countries write them: texts seldom hold the country's code.
 */
function withoutCallingCodes(query: string): string {
  let kept = "";
  let end = 0;
  for (const { groups } of digitRuns(query)) {
    const [first, last] = [groups[0], groups.at(-1)];
    if (first === undefined || last === undefined || !/[+＋]/.test(query.charAt(first.start - 1))) continue;
    const [tail] = readPhoneNumber(query.slice(first.start - 1, last.end))?.tails ?? [];
    if (tail === undefined) continue;
    kept += `${query.slice(end, first.start)} ${tail} `;
    end = last.end;
  }
  return kept + query.slice(end);
}

/** Letters that Unicode does not take apart, though people who lack them on their keyboard write them so. */
const similar = new Map<string, string>(
  Object.entries({
    ...{ ł: "l", ø: "o", đ: "d", ð: "d", þ: "th", æ: "ae", œ: "oe", ħ: "h", ŧ: "t", ı: "i", ŋ: "n", ĸ: "k" },
    ...{ ς: "σ", ى: "ي", ی: "ي", ک: "ك", ٱ: "ا", ة: "ه" },
    ...Object.fromEntries(
      toSimplified.split("|").map((entry) => entry.split(" ").slice(0, 2) as [string, string]),
    ),
  }),
);

/**
 * Without case, accents, width, and what nobody sees (soft hyphens, zero-width characters, Arabic's tatweel);
 * digits of all scripts are ASCII, Chinese characters simplified. Through upper case, because ß is SS there.
 */
function folded(text: string): string {
  // Most texts are, and need none of what follows.
  if (isAscii.test(text)) return text.toLowerCase();
  const bare = text.normalize("NFKD").replace(/[\p{M}\p{Cf}\u0640]/gu, "");
  const lower = bare.toUpperCase().toLowerCase();
  return lower
    .replace(/[^\0-\x7f]/gu, (character) => similar.get(character) ?? digitOf(character) ?? character)
    .normalize("NFC");
}

function digitOf(character: string): string | undefined {
  return /\p{Nd}/u.test(character) ? asciiDigit(character) : undefined;
}

/**
 * Each two neighbours of a run; what is left at its end is kept where it has `shortest` characters, or is all
 * there is.
 */
function pairs(run: string, shortest: 1 | 2): string[] {
  const characters = Array.from(run);
  const all = characters.map((_, index) => characters.slice(index, index + 2).join(""));
  return shortest === 1 || characters.length === 1 ? all : all.slice(0, -1);
}

function written(word: string): string {
  if (isPlain.test(word)) return mark + word;
  let text = mark;
  for (let index = 0; index < word.length; index += 1) {
    const code = word.charCodeAt(index);
    const character = word.charAt(index);
    const next = /[a-pr-z0-9]/.test(character)
      ? character
      : character === "q"
        ? "qq"
        : `q${code.toString(16).padStart(4, "0")}`;
    if (text.length + next.length > longestWord) break;
    text += next;
  }
  return text;
}
