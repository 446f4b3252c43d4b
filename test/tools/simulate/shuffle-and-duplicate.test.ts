import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { shuffleAndDuplicate } from "../../../tools/simulate/shuffle-and-duplicate.js";

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

function* countForever(): Generator<number, never, undefined> {
  for (let number = 0; ; number += 1) yield number;
}

describe("shuffleAndDuplicate", () => {
  it("loses nothing, invents nothing and repeats an item once at most", () => {
    const settings = fc.record({
      shuffle: fc.boolean(),
      duplicate: fc.double({ min: 0, max: 1, noNaN: true }),
      window: fc.integer({ min: 1, max: 30 }),
      seed: fc.nat(),
    });
    fc.assert(
      fc.property(fc.nat(200), settings, (count, options) => {
        const counts = new Map<number, number>();
        for (const item of shuffleAndDuplicate(upTo(count), options)) {
          counts.set(item, (counts.get(item) ?? 0) + 1);
        }
        expect([...counts.keys()].sort((one, other) => one - other)).toEqual(upTo(count));
        for (const times of counts.values()) expect([1, 2]).toContain(times);
      }),
    );
  });

  it("leaves the items as they are unless told otherwise", () => {
    expect([...shuffleAndDuplicate(upTo(50), { shuffle: false, duplicate: 0, seed: 1 })]).toEqual(upTo(50));
  });

  it("gives the same order for the same seed and another for another", () => {
    const order = (seed: number): string =>
      [...shuffleAndDuplicate(upTo(100), { shuffle: true, duplicate: 0.3, seed })].join();
    expect(order(4)).toBe(order(4));
    expect(order(4)).not.toBe(order(5));
  });

  it("repeats every item with a share of 1, and about a fifth with 0.2", () => {
    const repeated = (duplicate: number): number =>
      [...shuffleAndDuplicate(upTo(5000), { shuffle: false, duplicate, seed: 9 })].length - 5000;
    expect(repeated(1)).toBe(5000);
    expect(repeated(0.2)).toBeGreaterThan(850);
    expect(repeated(0.2)).toBeLessThan(1150);
  });

  it("keeps the order of the originals when only repeating, each repetition within the window", () => {
    const options = { shuffle: false, duplicate: 0.5, window: 4, seed: 2 };
    const seen = new Map<number, number>();
    const originals: number[] = [];
    for (const item of shuffleAndDuplicate(upTo(500), options)) {
      const original = seen.get(item);
      if (original === undefined) {
        seen.set(item, originals.length);
        originals.push(item);
      } else {
        expect(originals.length - 1 - original).toBeLessThan(options.window);
      }
    }
    expect(originals).toEqual(upTo(500));
  });

  it("draws no more than a window ahead, even from an endless source", () => {
    let drawn = 0;
    function* source(): Generator<number, void, undefined> {
      for (const item of countForever()) {
        drawn = item + 1;
        yield item;
      }
    }
    const items = shuffleAndDuplicate(source(), { shuffle: true, duplicate: 0, window: 10, seed: 3 });
    for (let taken = 0; taken < 100; taken += 1) items.next();
    items.return();
    expect(drawn).toBe(110);
  });
});
