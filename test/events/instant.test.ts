import { describe, expect, it } from "vitest";
import { decimalsOf, fromDatetime, parseInstant, toDatetime } from "../../src/model/instant.js";

describe("parseInstant", () => {
  it.each([
    ["2025-08-19T06:40:45Z", "2025-08-19T06:40:45Z"],
    ["2025-08-26T11:03:29.168397Z", "2025-08-26T11:03:29.168397Z"],
    ["2025-08-26T11:03:29.100000Z", "2025-08-26T11:03:29.100000Z"],
    ["2025-08-26T11:03:29.1Z", "2025-08-26T11:03:29.1Z"],
    ["2025-08-26T13:03:29.5+02:00", "2025-08-26T11:03:29.5Z"],
    ["2025-12-31T23:30:00-0045", "2026-01-01T00:15:00Z"],
    ["2025-08-26 11:03:29", "2025-08-26T11:03:29Z"],
    ["2024-02-29T00:00:00z", "2024-02-29T00:00:00Z"],
    ["2025-08-26T11:03:29.123456789Z", "2025-08-26T11:03:29.123456Z"],
  ])("reads %s as %s", (text, instant) => {
    expect(parseInstant(text)).toBe(instant);
  });

  it.each([
    "",
    "yesterday",
    "2025-08-19",
    "2025-02-30T00:00:00Z",
    "2025-08-19T24:00:00Z",
    "2016-12-31T23:59:60Z",
    "10000-01-01T00:00:00Z",
    "0999-12-31T23:59:59Z",
    "1000-01-01T00:00:00+00:01",
    "9999-12-31T23:59:59-00:01",
    "2025-08-19T06:40:45+24:00",
    "2025-08-19T06:40:45.Z",
    " 2025-08-19T06:40:45Z",
  ])("refuses %j", (text) => {
    expect(parseInstant(text)).toBeUndefined();
  });
});

describe("DATETIME(6) text", () => {
  it.each([
    "2025-08-19T06:40:45Z",
    "2025-08-19T06:40:45.0Z",
    "2025-08-19T06:40:45.168390Z",
    "1000-01-01T00:00:00.000001Z",
  ])("gives %s back as it was", (instant) => {
    expect(fromDatetime(toDatetime(instant), decimalsOf(instant))).toBe(instant);
  });

  it("orders as the instants do, whatever their precision", () => {
    const instants = [
      "2025-08-19T06:40:45.000001Z",
      "2025-08-19T06:40:45Z",
      "2025-08-19T06:40:44.999999Z",
      "2025-08-19T06:40:45.1Z",
    ];
    expect(instants.map(toDatetime).sort()).toEqual([
      "2025-08-19 06:40:44.999999",
      "2025-08-19 06:40:45.000000",
      "2025-08-19 06:40:45.000001",
      "2025-08-19 06:40:45.100000",
    ]);
  });
});
