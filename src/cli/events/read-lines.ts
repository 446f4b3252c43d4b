/** A line of a file, without its line break. */
export interface Line {
  /** From 1. */
  readonly number: number;
  /** Where it begins, and where the next line does, in bytes. */
  readonly start: number;
  readonly end: number;
  /** Undefined where the line is longer than allowed: it was skipped, not kept. */
  readonly bytes: Buffer | undefined;
}

/** Where to begin: after so many lines, which end at this byte. */
export interface Place {
  readonly line: number;
  readonly offset: number;
}

const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/**
 * Splits a stream into lines, bytes unchanged, and never keeps more of it than one line of the greatest
 * length.
 */
export async function* readLines(
  chunks: AsyncIterable<Buffer>,
  from: Place,
  greatestLength: number,
): AsyncGenerator<Line> {
  let { line: number, offset: end } = from;
  let parts: Buffer[] = [];
  let length = 0;
  const take = (part: Buffer) => {
    length += part.length;
    if (length > greatestLength) parts = [];
    else parts.push(part);
  };
  const finish = (breakLength: number): Line => {
    number += 1;
    const begin = end;
    end += length + breakLength;
    const bytes = length > greatestLength ? undefined : withoutReturn(Buffer.concat(parts));
    parts = [];
    length = 0;
    return { number, start: begin, end, bytes };
  };
  for await (const chunk of chunks) {
    let start = 0;
    for (let stop = chunk.indexOf(lineFeed); stop !== -1; stop = chunk.indexOf(lineFeed, start)) {
      take(chunk.subarray(start, stop));
      yield finish(1);
      start = stop + 1;
    }
    if (start < chunk.length) take(chunk.subarray(start));
  }
  if (length > 0) yield finish(0);
}

function withoutReturn(bytes: Buffer): Buffer {
  return bytes.at(-1) === carriageReturn ? bytes.subarray(0, -1) : bytes;
}
