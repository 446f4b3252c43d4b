import { describe, expect, it } from "vitest";
import { type Measure, readMeasure } from "../../src/alerts/measure.js";
import type { StatsRecord } from "../../src/store/readers/stats.reader.js";

const record: StatsRecord = {
  bucket: null,
  values: [],
  count: 8,
  messageCount: 40,
  failedMessageCount: 10,
  manualMessageCount: 6,
  manualCount: 2,
  timedCount: 4,
  seconds: 240,
  ratings: new Map([["complete", 6]]),
  sentiments: new Map([["negative", 1]]),
};

describe("a measure of an alert rule", () => {
  const expected: readonly (readonly [Measure, number])[] = [
    ["count", 8],
    ["average:messages", 5],
    ["average:duration", 60],
    ["share:failed-messages", 0.25],
    ["share:manual", 0.25],
    ["share:sentiment=negative", 0.125],
    ["share:rating=complete", 0.75],
    ["share:rating=abandoned", 0],
  ];
  it.each(expected)("%s is that number of the statistics", (measure, value) => {
    expect(readMeasure(measure).valueOf(record)).toBe(value);
  });

  it("is none where nothing was measured", () => {
    const none = { ...record, messageCount: 0, timedCount: 0 };
    expect(readMeasure("share:failed-messages").valueOf(none)).toBeNull();
    expect(readMeasure("average:duration").valueOf(none)).toBeNull();
  });

  it.each(["share:sentiment=", "share:mood=good", "sum", "toString"])("cannot be %s", (measure) => {
    expect(() => readMeasure(measure)).toThrow("measure: must be one of count, average:messages");
  });
});
