import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { generateSessions, type SimulatedSession } from "../../../tools/simulate/generate.js";
import { buildOrganizations } from "../../../tools/simulate/organizations.js";
import type { SimulatedMessage } from "../../../tools/simulate/payload.js";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const MICROSECONDS = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;
const SECONDS = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
const FICTIONAL_PHONE = /^\+1[2-9]\d\d55501\d\d$/;
const EXAMPLE_ADDRESS = /^[a-z0-9.]+@([a-z0-9-]+\.)?example\.com$/;

const anySeed = fc.oneof(fc.nat(), fc.maxSafeNat());

const take = (sessions: number, seed: number, more: { sessionSeed?: number } = {}): SimulatedSession[] => [
  ...generateSessions({ sessions, seed, ...more }),
];

const messagesOf = ({ envelopes }: SimulatedSession): SimulatedMessage[] =>
  envelopes.flatMap(({ data }) => data.messages);

/** The values of all keys that are, or end in, `id`; a voice's id is a name. */
function idsIn(value: unknown, key = ""): unknown[] {
  if (Array.isArray(value)) return value.flatMap((item) => idsIn(item));
  if (typeof value === "object" && value !== null) {
    return Object.entries(value).flatMap(([name, inner]) => idsIn(inner, name));
  }
  return /(^|_)id$/.test(key) && key !== "voice_id" ? [value] : [];
}

describe("generateSessions", () => {
  it("gives the same bytes for the same seed", () => {
    fc.assert(
      fc.property(anySeed, (seed) => {
        expect(JSON.stringify(take(5, seed))).toBe(JSON.stringify(take(5, seed)));
      }),
      { numRuns: 30 },
    );
  });

  it("begins alike however many sessions are taken", () => {
    expect(JSON.stringify(take(40, 3).slice(0, 10))).toBe(JSON.stringify(take(10, 3)));
  });

  it("shares no session, message or organization between seeds", () => {
    fc.assert(
      fc.property(fc.uniqueArray(anySeed, { minLength: 2, maxLength: 2 }), ([one = 0, other = 1]) => {
        const idsOf = (session: SimulatedSession): string[] => [
          session.id,
          session.organizationId,
          ...messagesOf(session).map(({ id }) => id),
        ];
        const seen = new Set(take(10, one).flatMap(idsOf));
        expect(
          take(10, other)
            .flatMap(idsOf)
            .filter((id) => seen.has(id)),
        ).toEqual([]);
      }),
      { numRuns: 30 },
    );
  });

  it("keeps the organizations and makes new sessions with another session seed", () => {
    const known = new Set(buildOrganizations(5, 4).map(({ id }) => id));
    const one = take(20, 5);
    const other = take(20, 5, { sessionSeed: 77 });
    expect(one.map(({ id }) => id)).not.toContain(other[0]?.id);
    for (const session of [...one, ...other]) expect(known).toContain(session.organizationId);
  });

  it("makes a session only when it is asked for", () => {
    const sessions = generateSessions({ sessions: Number.POSITIVE_INFINITY, seed: 1 });
    const indices = [sessions.next(), sessions.next()].map(({ value }) => value?.index);
    sessions.return();
    expect(indices).toEqual([0, 1]);
  });

  it("starts the first session at the given time", () => {
    const baseTime = new Date("2030-01-01T00:00:00Z");
    const [first] = generateSessions({ sessions: 1, seed: 1, baseTime });
    expect(first?.envelopes[0]?.data.started_at).toBe("2030-01-01T00:00:00Z");
  });

  it("refuses a seed that is no whole number from 0", () => {
    for (const seed of [-1, 0.5, Number.NaN, 2 ** 60]) expect(() => take(1, seed)).toThrow(RangeError);
  });

  it("repeats no id of a session or request in many sessions", () => {
    const ids = take(3000, 11).flatMap((session) => [
      session.id,
      ...session.envelopes.map(({ request_id }) => request_id),
    ]);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe("every generated session", () => {
  const forAll = (check: (session: SimulatedSession) => void): void => {
    fc.assert(
      fc.property(anySeed, (seed) => {
        take(12, seed).forEach(check);
      }),
      { numRuns: 40 },
    );
  };

  it("has UUIDs of version 4, and integers where Whippy has integers", () => {
    forAll(({ envelopes }) => {
      for (const id of idsIn(envelopes)) {
        if (typeof id === "string") expect(id).toMatch(UUID);
        else expect(id === null || Number.isInteger(id)).toBe(true);
      }
    });
  });

  it("is delivered in order, as far as it has come", () => {
    forAll(({ envelopes, progress, organizationId, id }) => {
      const kinds = envelopes.map(({ event }) => event.replace("conversation_agent_session.", ""));
      expect(["started", "ended", "analyzed", "analyzed"].join()).toContain(kinds.join());
      expect(kinds.at(-1)).toBe(progress);
      for (const { data } of envelopes) {
        expect(data.id).toBe(id);
        expect(data.agent_version.organization_id).toBe(organizationId);
      }
    });
  });

  it("has 2 to 40 messages with microseconds, between fictional addresses", () => {
    forAll((session) => {
      const ids = new Set(messagesOf(session).map(({ id }) => id));
      if (session.progress !== "started") expect(ids.size).toBeGreaterThanOrEqual(2);
      expect(ids.size).toBeLessThanOrEqual(40);
      for (const message of messagesOf(session)) {
        expect(message.created_at).toMatch(MICROSECONDS);
        expect(message.updated_at).toMatch(MICROSECONDS);
        expect(message.updated_at >= message.created_at).toBe(true);
        for (const address of [message.from, message.to]) {
          expect(address).toMatch(message.type === "email" ? EXAMPLE_ADDRESS : FICTIONAL_PHONE);
        }
        expect(message.body).not.toMatch(/[{}]/);
      }
    });
  });

  it("has whole seconds in the session and an ending only when it has ended", () => {
    forAll(({ envelopes }) => {
      for (const { data, event } of envelopes) {
        const running = event.endsWith("started");
        expect(data.started_at).toMatch(SECONDS);
        if (running) expect([data.ended_at, data.ended_reason]).toEqual([null, null]);
        else expect(data.ended_at).toMatch(SECONDS);
        if (!event.endsWith("analyzed")) expect(data.chat_summary).toBeNull();
      }
    });
  });

  it("never changes a message without a later updated_at", () => {
    forAll((session) => {
      const seen = new Map<string, SimulatedMessage>();
      for (const message of messagesOf(session)) {
        const before = seen.get(message.id);
        if (before?.updated_at === message.updated_at) expect(message).toEqual(before);
        if (before) expect(message.updated_at >= before.updated_at).toBe(true);
        seen.set(message.id, message);
      }
    });
  });
});
