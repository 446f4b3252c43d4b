import { RandomStream, SeededRandom } from "./random.js";

export interface ShuffleOptions {
  /** Whether the order changes. */
  shuffle: boolean;
  /** The share of items that come a second time, from 0 to 1. */
  duplicate: number;
  /** How many items are held back to choose from, hence about how far one can travel: 64 where absent. */
  window?: number;
  seed: number;
}

const DEFAULT_WINDOW = 64;

/**
 * The items out of order and some of them twice, as a webhook's receiver may see them. Lazy: at most a
 * window of items is held. A repetition comes after its original unless the order is shuffled anyway.
 */
export function* shuffleAndDuplicate<T>(
  items: Iterable<T>,
  options: ShuffleOptions,
): Generator<T, void, undefined> {
  const { shuffle, duplicate, window = DEFAULT_WINDOW, seed } = options;
  const random = new SeededRandom(seed, RandomStream.order);
  const repeated = duplicate > 0 ? repeatSome(items, duplicate, window, random) : items;
  yield* shuffle ? shuffleWithin(repeated, window, random) : repeated;
}

function* repeatSome<T>(
  items: Iterable<T>,
  share: number,
  window: number,
  random: SeededRandom,
): Generator<T, void, undefined> {
  let due: { item: T; after: number }[] = [];
  let position = 0;
  for (const item of items) {
    yield item;
    position += 1;
    if (random.chance(share)) due.push({ item, after: position + random.int(0, window - 1) });
    const now = due.filter(({ after }) => after <= position);
    if (now.length === 0) continue;
    due = due.filter(({ after }) => after > position);
    yield* now.map((repetition) => repetition.item);
  }
  yield* due.map(({ item }) => item);
}

function* shuffleWithin<T>(
  items: Iterable<T>,
  window: number,
  random: SeededRandom,
): Generator<T, void, undefined> {
  const held: T[] = [];
  const takeOne = (): T => {
    const index = random.int(0, held.length - 1);
    const [taken] = held.splice(index, 1);
    return taken as T;
  };
  for (const item of items) {
    held.push(item);
    if (held.length > window) yield takeOne();
  }
  while (held.length > 0) yield takeOne();
}
