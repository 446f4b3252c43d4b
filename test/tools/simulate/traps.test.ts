import { beforeAll, describe, expect, it } from "vitest";
import { generateSessions, type SimulatedSession } from "../../../tools/simulate/generate.js";
import type {
  SimulatedAnswers,
  SimulatedEnvelope,
  SimulatedMessage,
  SimulatedSessionData,
} from "../../../tools/simulate/payload.js";

let sessions: SimulatedSession[];
let envelopes: SimulatedEnvelope[];
let messages: SimulatedMessage[];
let analyzed: SimulatedSessionData[];

beforeAll(() => {
  sessions = [...generateSessions({ sessions: 2000, seed: 1 })];
  envelopes = sessions.flatMap((session) => session.envelopes);
  messages = envelopes.flatMap(({ data }) => data.messages);
  analyzed = envelopes.filter(({ event }) => event.endsWith("analyzed")).map(({ data }) => data);
});

const kindsOf = ({ envelopes }: SimulatedSession): string[] =>
  envelopes.map(({ event }) => event.replace("conversation_agent_session.", ""));

const questionNames = ({ agent_version }: SimulatedSessionData): string[] =>
  agent_version.provider_settings.post_call_analysis_data.map(({ name }) => name);

const answersOf = ({ custom_analysis_data }: SimulatedSessionData): SimulatedAnswers =>
  custom_analysis_data ?? {};

const valuesOf = <T>(items: readonly T[], value: (item: T) => unknown): Set<unknown> =>
  new Set(items.map(value));

describe("the generated sessions hold the trap that", () => {
  it("1: the events of a session share one created_at, earlier than the end", () => {
    const shared = sessions.filter(({ envelopes: [first, second] }) => {
      const endedAt = second?.data.ended_at;
      return (
        first?.created_at && endedAt && first.created_at === second.created_at && first.created_at < endedAt
      );
    });
    expect(shared.length).toBeGreaterThan(1000);
  });

  it("2: messages are dated days after the session ended", () => {
    const late = ({ ended_at, messages: [first] }: SimulatedSessionData): boolean =>
      first !== undefined && ended_at !== null && first.created_at > ended_at;
    expect(analyzed.filter(late).length).toBeGreaterThan(50);
  });

  it("3: started already holds all messages, or some, or none", () => {
    const shown = sessions.flatMap(({ envelopes: [first, second] }) =>
      first?.event.endsWith("started") && second
        ? [first.data.messages.length / second.data.messages.length]
        : [],
    );
    expect(shown).toContain(1);
    expect(shown).toContain(0);
    expect(shown.some((share) => share > 0 && share < 1)).toBe(true);
  });

  it("5: a session is analyzed again with another content and a later instant", () => {
    const again = sessions.filter((session) => kindsOf(session).join().includes("analyzed,analyzed"));
    expect(again.length).toBeGreaterThan(20);
    for (const { envelopes } of again) {
      const [one, other] = envelopes.slice(-2);
      expect(JSON.stringify(other?.data)).not.toBe(JSON.stringify(one?.data));
      expect(String(other?.created_at) > String(one?.created_at)).toBe(true);
    }
  });

  it("6: one agent version comes with different questions", () => {
    const contents = new Map<string, Set<string>>();
    for (const { data } of envelopes) {
      const known = contents.get(data.agent_version.id) ?? new Set();
      contents.set(data.agent_version.id, known.add(JSON.stringify(data.agent_version)));
    }
    expect([...contents.values()].some(({ size }) => size === 2)).toBe(true);
  });

  it("7: answers lack a question, and questions lack an answer", () => {
    expect(
      analyzed.some((data) =>
        Object.keys(answersOf(data)).some((name) => !questionNames(data).includes(name)),
      ),
    ).toBe(true);
    expect(analyzed.some((data) => questionNames(data).some((name) => !(name in answersOf(data))))).toBe(
      true,
    );
  });

  it("8: false, 0, empty text and null are answers; no answers are {}, null or absent", () => {
    const values = new Set(analyzed.flatMap((data) => Object.values(answersOf(data))));
    for (const value of [false, 0, "", null]) expect(values).toContain(value);
    const forms = valuesOf(analyzed, ({ custom_analysis_data: data }) =>
      data ? Object.keys(data).length : data,
    );
    for (const form of [0, null, undefined]) expect(forms).toContain(form);
  });

  it("9: names and choices are free text, of all four types", () => {
    const questions = analyzed.flatMap(
      (data) => data.agent_version.provider_settings.post_call_analysis_data,
    );
    expect(valuesOf(questions, ({ type }) => type)).toEqual(new Set(["enum", "string", "boolean", "number"]));
    expect(questions.some(({ name }) => /^[^\w]/.test(name) || name.includes(" "))).toBe(true);
  });

  it("11: a message's delivery status and updated_at move between events", () => {
    const states = new Map<string, Set<string>>();
    for (const { id, delivery_status } of messages) {
      states.set(id, (states.get(id) ?? new Set()).add(delivery_status));
    }
    expect([...states.values()].some(({ size }) => size > 1)).toBe(true);
  });

  it("12: a message that failed stands in the transcript", () => {
    const failed = analyzed.filter((data) =>
      data.messages.some(
        ({ delivery_status, body }) => delivery_status === "failed" && data.chat_transcript?.includes(body),
      ),
    );
    expect(failed.length).toBeGreaterThan(0);
  });

  it("13: members of staff have integer ids", () => {
    expect(messages.some(({ user_id, mode }) => typeof user_id === "number" && mode === "manual")).toBe(true);
  });

  it("14: several organizations have several agents with several versions", () => {
    const versions = envelopes.map(({ data }) => data.agent_version);
    const organizations = valuesOf(versions, ({ organization_id }) => organization_id);
    const agents = valuesOf(versions, ({ agent_id }) => agent_id);
    expect(organizations.size).toBe(4);
    expect(agents.size).toBeGreaterThanOrEqual(2 * organizations.size);
    expect(valuesOf(versions, ({ id }) => id).size).toBeGreaterThanOrEqual(2 * agents.size);
  });

  it("15: addresses are phone numbers or e-mail addresses, by channel", () => {
    expect(valuesOf(messages, ({ type }) => type)).toEqual(
      new Set(["sms", "mms", "email", "whatsapp", "call"]),
    );
    expect(valuesOf(messages, ({ from }) => from.includes("@")).size).toBe(2);
  });

  it("16: a conversation hosts several sessions that share a message, and a later snapshot lacks one", () => {
    const conversations = new Map<string, Set<string>>();
    const owners = new Map<string, Set<string>>();
    for (const { data } of envelopes) {
      const known = conversations.get(data.conversation_id) ?? new Set();
      conversations.set(data.conversation_id, known.add(data.id));
      for (const { id } of data.messages) owners.set(id, (owners.get(id) ?? new Set()).add(data.id));
    }
    expect([...conversations.values()].some(({ size }) => size > 1)).toBe(true);
    expect([...owners.values()].some(({ size }) => size > 1)).toBe(true);
    const shrunk = sessions.filter(({ envelopes }) => {
      const [last, before] = envelopes.slice(-2).reverse();
      return before !== undefined && (last?.data.messages.length ?? 0) < before.data.messages.length;
    });
    expect(shrunk.length).toBeGreaterThan(0);
  });

  it("17: fields are missing or new, values unknown, attachments of both forms", () => {
    expect(envelopes.some(({ api_version, created_at }) => !api_version && !created_at)).toBe(true);
    expect(envelopes.some(({ data }) => data.source !== undefined)).toBe(true);
    expect(envelopes.some(({ data }) => data.translated_chat_transcript === undefined)).toBe(true);
    expect(valuesOf(analyzed, ({ user_sentiment }) => user_sentiment)).toContain("mixed");
    const attachments = messages.flatMap(({ attachments }) => attachments);
    expect(valuesOf(attachments, (attachment) => typeof attachment)).toEqual(new Set(["string", "object"]));
  });

  it("18: two messages take about 4 kB, each further one about 0.8 kB", () => {
    const english = envelopes.filter(
      ({ event, data }) => event.endsWith("analyzed") && data.language === "en",
    );
    const mean = (count: number): number => {
      const sizes = english
        .filter(({ data }) => data.messages.length === count)
        .map((envelope) => Buffer.byteLength(JSON.stringify(envelope)));
      return sizes.reduce((sum, size) => sum + size, 0) / sizes.length;
    };
    expect(mean(2)).toBeGreaterThan(3_500);
    expect(mean(2)).toBeLessThan(4_700);
    expect((mean(8) - mean(2)) / 6).toBeGreaterThan(650);
    expect((mean(8) - mean(2)) / 6).toBeLessThan(950);
  });

  it("20: a session lasts longer than its agent's settings allow", () => {
    const day = 86_400_000;
    const long = analyzed.filter(
      ({ started_at, ended_at }) => Date.parse(ended_at ?? started_at) - Date.parse(started_at) > day,
    );
    expect(long.length).toBeGreaterThan(20);
  });

  it("21: the language of agent, session and message differ, with Spanish, Chinese and emoji", () => {
    const text = messages.map(({ body }) => body).join("\n");
    expect(valuesOf(analyzed, ({ language }) => language)).toEqual(new Set(["en", "es", "zh"]));
    expect(valuesOf(messages, ({ language }) => language)).toEqual(new Set([null, "es", "zh"]));
    expect(analyzed.some(({ agent_version }) => agent_version.provider_settings.language === "multi")).toBe(
      true,
    );
    for (const script of [/¿/, /\p{Script=Han}/u, /\p{Extended_Pictographic}/u]) expect(text).toMatch(script);
  });

  it("22: a session is known although its start was never delivered; others have not ended or are not analyzed", () => {
    const stories = valuesOf(sessions, (session) => kindsOf(session).join());
    for (const story of ["ended,analyzed", "started", "started,ended", "started,ended,analyzed"]) {
      expect(stories).toContain(story);
    }
  });
});
