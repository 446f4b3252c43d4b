/**
 * The words of texts, in a form that every full-text index cuts alike. MySQL's, MariaDB's and SQLite's indexes disagree on what a
 * word is, on stop words, shortest words, accents and on scripts without spaces (MariaDB has no ngram parser at all). So texts are
 * cut into words here, and the index sees ASCII words only, each with the same three rules everywhere:
 *
 * - a word is a run of letters and digits; case, accents and width do not count (NFKD without marks; ß is ss);
 * - Chinese, Japanese, Thai, Lao, Khmer and Burmese have no spaces: each two neighbouring characters are a word;
 * - characters beyond a-z and 0-9 are written as `q` and four hexadecimal digits, `q` itself as `qq`. A beginning of a word stays a
 *   beginning of its written form, so "starts with" can be asked of the index.
 */
const mark = "xx";
/** InnoDB's longest word has 84 characters; of longer words only the beginning counts. */
const longestWord = 80;

const unspaced =
  "\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Thai}\\p{Script=Lao}\\p{Script=Khmer}\\p{Script=Myanmar}";
const runs = new RegExp(`[${unspaced}]+|(?:(?![${unspaced}])[\\p{L}\\p{N}])+`, "gu");
const isAscii = /^[\0-\x7f]*$/;
/** What is written as it is: all that `written` would leave alone. */
const isPlain = /^[a-pr-z0-9]{1,78}$/;
const isUnspaced = new RegExp(`^[${unspaced}]`, "u");

/** What is stored of some texts: each word once, in order and between spaces. The order of the texts makes no difference. */
export function searchTerms(texts: readonly (string | null)[]): string {
  const terms = new Set<string>();
  for (const text of texts) {
    for (const run of wordRuns(text ?? "")) {
      if (!isUnspaced.test(run)) terms.add(written(run));
      // The last character also stands alone, so that each character begins some word.
      else for (const pair of pairs(run, 1)) terms.add(written(pair));
    }
  }
  return terms.size === 0 ? "" : ` ${[...terms].sort().join(" ")} `;
}

/** What is looked for: each of these begins a word of the text. */
export function wantedTerms(query: string): string[] {
  const terms = Array.from(wordRuns(query)).flatMap((run) => (isUnspaced.test(run) ? pairs(run, 2) : [run]));
  return [...new Set(terms.map(written))];
}

function wordRuns(text: string): Iterable<string> {
  // Most texts are, and need none of what follows.
  if (isAscii.test(text)) return text.toLowerCase().match(/[a-z0-9]+/g) ?? [];
  return folded(text).match(runs) ?? [];
}

/** Without case, accents and width. Through upper case, because ß is SS there, and the two small sigmas are one letter. */
function folded(text: string): string {
  const bare = text.normalize("NFKD").replace(/\p{M}/gu, "");
  return bare.toUpperCase().toLowerCase().replaceAll("ς", "σ").normalize("NFC");
}

/** Each two neighbours of a run; what is left at its end is kept where it has `shortest` characters, or is all there is. */
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
