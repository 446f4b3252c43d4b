import { describe, expect, it } from "vitest";
import { registeredEvents } from "../../src/events/registry.js";

describe("registered events", () => {
  it.each(["name", "kind", "precedence", "seenBit"] as const)("have each a %s of their own", (property) => {
    const values = registeredEvents.map((event) => event[property]);
    expect(new Set(values).size).toBe(registeredEvents.length);
  });

  it("have a precedence of two digits, which order keys compare as text", () => {
    for (const { precedence } of registeredEvents) expect(String(precedence)).toMatch(/^[1-9]\d$/);
  });

  it("have one bit each in the set of kinds that a session has received", () => {
    for (const { seenBit } of registeredEvents) expect(Math.log2(seenBit) % 1).toBe(0);
  });
});
