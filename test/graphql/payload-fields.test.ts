import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Payload, sample, type SampleName, startService, type TestService } from "../support/service.js";
import { wholeSession, type WholeSession } from "../support/session-query.js";

const allOrders: readonly (readonly SampleName[])[] = [
  ["started", "ended", "analyzed"],
  ["started", "analyzed", "ended"],
  ["ended", "started", "analyzed"],
  ["ended", "analyzed", "started"],
  ["analyzed", "started", "ended"],
  ["analyzed", "ended", "started"],
];

let service: TestService;
beforeAll(async () => {
  service = await startService();
});
afterAll(async () => {
  await service.stop();
});

/**
 * The three documented payloads as those of another session (and other messages), so that each test has its
 * own.
 */
async function ownSamples(): Promise<Record<SampleName, Payload>> {
  const [id, first, second] = [randomUUID(), randomUUID(), randomUUID()];
  const own = async (name: SampleName) => {
    const payload = await sample(name);
    payload.data.id = id;
    payload.request_id = randomUUID();
    const [one, two] = payload.data.messages;
    if (one) one.id = first;
    if (two) two.id = second;
    return payload;
  };
  return { started: await own("started"), ended: await own("ended"), analyzed: await own("analyzed") };
}

async function readBack(id: unknown): Promise<WholeSession["session"]> {
  const { data, errors } = await service.query<WholeSession>(wholeSession, { id });
  expect(errors).toBeUndefined();
  return data.session;
}

const camelCase = (name: string) => name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());

/** Whippy's integers that are ids are served as ids are: as texts. */
const integerIds = ["user_id", "created_by_id"];

/** The fields of a payload under the names of the API. */
function renamed(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      camelCase(name),
      integerIds.includes(name) && typeof value === "number" ? String(value) : value,
    ]),
  );
}

describe("a session read back", () => {
  it.each(allOrders)("has every field of the payloads when they come as %s, %s, %s", async (...order) => {
    const payloads = await ownSamples();
    for (const name of order) expect((await service.post(payloads[name])).status).toBe(200);
    const session = await readBack(payloads.analyzed.data.id);

    const { messages, agent_version: version, ...scalars } = payloads.analyzed.data;
    const { organization_id: organizationId, ...ownVersion } = version;
    expect(session).toMatchObject({ ...renamed(scalars), organizationId, status: "ANALYZED" });
    expect(session.agentVersion).toMatchObject({
      ...renamed(ownVersion),
      organizationId,
      language: "multi",
      voiceId: "11labs-Adrian",
    });
    expect(session.messages.totalCount).toBe(2);
    expect(session.messages.nodes).toEqual(
      messages.map((message) => ({ ...renamed(message), organizationId })),
    );
  });

  it("is the same after every event came three times, out of order", async () => {
    const payloads = await ownSamples();
    const order: SampleName[] = [
      "analyzed",
      "started",
      "analyzed",
      "ended",
      "started",
      "ended",
      "analyzed",
      "ended",
      "started",
    ];
    for (const [index, name] of order.entries()) {
      const again = {
        ...payloads[name],
        request_id: index % 2 === 0 ? payloads[name].request_id : randomUUID(),
      };
      expect((await service.post(again)).status).toBe(200);
    }
    const repeated = await readBack(payloads.analyzed.data.id);

    const once = await ownSamples();
    for (const name of ["started", "ended", "analyzed"] as const) await service.post(once[name]);
    const expected = await readBack(once.analyzed.data.id);
    const withoutReceipt = (session: WholeSession["session"]) => ({
      ...session,
      id: "",
      messages: session.messages.nodes.map((message) => ({ ...message, id: "" })),
      analysis: { ...session.analysis, id: "", receivedAt: "" },
      analysisHistory: session.analysisHistory.map((analysis) => ({ ...analysis, id: "", receivedAt: "" })),
    });
    expect(withoutReceipt(repeated)).toEqual(withoutReceipt(expected));
  });
});
