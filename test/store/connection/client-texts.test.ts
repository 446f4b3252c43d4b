import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { TimeBuckets } from "../../../src/store/readers/time-buckets.js";

const run = promisify(execFile);

/** Spellings of one time zone that differ in their case. */
const spellings = `Array.from({ length: 3_000 }, (_, index) => {
  let bit = 0;
  return "america/new_york".replace(/[a-z]/g, (letter) => ((index >> bit++) & 1 ? letter.toUpperCase() : letter));
})`;

describe("time zones that clients spell otherwise", () => {
  it("are one zone, with the same answers", () => {
    const moment = "2026-03-08 12";
    const expected = new TimeBuckets("day", "America/New_York").bucketOf(moment);
    for (const name of ["america/new_york", "AMERICA/NEW_YORK", "US/Eastern", "us/eastern"])
      expect(new TimeBuckets("day", name).bucketOf(moment)).toEqual(expected);
  });

  it.each(["+05:30", "-0300", "", " UTC", "Mars/Olympus"])("are refused where they are none: %j", (name) => {
    expect(() => new TimeBuckets("day", name)).toThrow(/timeZone: must be a time zone/);
  });

  it("take no memory each", async () => {
    const script = `
      import { TimeBuckets } from "./dist/store/readers/time-buckets.js";
      const ask = (name) => new TimeBuckets("day", name).bucketOf("2026-03-08 12");
      ask("America/New_York");
      gc();
      const before = process.memoryUsage().rss;
      for (const name of ${spellings}) ask(name);
      gc();
      console.log((process.memoryUsage().rss - before) / 1e6);`;
    const arguments_ = ["--expose-gc", "--input-type=module", "--eval", script];
    const { stdout } = await run(process.execPath, arguments_);
    // Kept by each spelling they took some 300 MB.
    expect(Number(stdout)).toBeLessThan(100);
  }, 60_000);
});
