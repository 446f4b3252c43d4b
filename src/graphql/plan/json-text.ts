import type { GraphQLFormattedError } from "graphql";

/** JSON that is written already: the data of an answer. */
export class JsonText {
  constructor(readonly text: string) {}

  /** What it says, for whoever serialises an answer that holds it. */
  toJSON(): unknown {
    return JSON.parse(this.text);
  }
}

/** An answer as it is sent. */
export interface Answer {
  readonly errors?: readonly GraphQLFormattedError[] | undefined;
  readonly data?: unknown;
  readonly extensions?: unknown;
}

/** The text of an answer, errors first: what is read first tells whether the rest is whole. */
export function answerText({ errors, data, extensions }: Answer): string {
  const before = errors === undefined ? "" : `"errors":${JSON.stringify(errors)}`;
  const after = extensions === undefined ? "" : `"extensions":${JSON.stringify(extensions)}`;
  if (data === undefined) return `{${before}${before && after && ","}${after}}`;
  const text = data instanceof JsonText ? data.text : JSON.stringify(data);
  return `{${before}${before && ","}"data":${text}${after && ","}${after}}`;
}

/** Looking through a longer one takes memory for each of its characters. */
const longestLookedThrough = 5_000;
/** Nothing that JSON escapes, and no half of a character. JSON.stringify takes three times as long to see. */
const plain = /^[ !#-[\]-\ud7ff\ue000-\u{10ffff}]*$/u;

/** A text as JSON. */
export function quote(text: string): string {
  return text.length <= longestLookedThrough && plain.test(text) ? `"${text}"` : JSON.stringify(text);
}
