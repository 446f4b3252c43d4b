import { createHmac } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadConfig } from "../../src/config.js";
import { startService, type TestService } from "../support/service.js";

const [oldKey, newKey] = ["key-before-rotation", "key-after-rotation"];

let number = 0;
const newBody = () => JSON.stringify({ event: "lead.new", request_id: `r${(number += 1)}`, data: {} });

type Encoding = "base64" | "hex" | "unpadded";

function headerOf(
  body: string,
  key: string,
  encoding: Encoding = "unpadded",
  timestamp = Date.now(),
): string {
  const digest = createHmac("sha256", key).update(`${timestamp}.${body}`);
  const text = encoding === "unpadded" ? digest.digest("base64").replace(/=+$/, "") : digest.digest(encoding);
  return `t=${timestamp},v1=${text}`;
}

describe("signatures over HTTP", () => {
  let service: TestService;
  beforeAll(async () => {
    service = await startService({ WEBHOOK_SECRETS: `${newKey},${oldKey}` });
  });
  afterAll(() => service.stop());

  const post = async (body: string, signature?: string) =>
    (await service.post(body, signature === undefined ? {} : { "X-Whippy-Signature": signature })).status;

  it.each(["base64", "hex", "unpadded"] as const)("takes both keys of a rotation, %s", async (encoding) => {
    for (const key of [oldKey, newKey])
      for (const timestamp of [Date.now(), Math.floor(Date.now() / 1_000)]) {
        const body = newBody();
        expect(await post(body, headerOf(body, key, encoding, timestamp))).toBe(202);
      }
  });

  it.each(["base64", "hex", "unpadded"] as const)(
    "refuses the forged and the stale, %s",
    async (encoding) => {
      const body = newBody();
      expect(await post(body)).toBe(401);
      expect(await post(body, headerOf(body, "another key", encoding))).toBe(401);
      expect(await post(`${body} `, headerOf(body, newKey, encoding))).toBe(401);
      expect(await post(body, headerOf(body, newKey, encoding, Date.now() - 301_000))).toBe(401);
      expect(await post(body, headerOf(body, newKey, encoding, Date.now() + 302_000))).toBe(401);
      const { data } = await service.query(
        `query ($id: String!) { webhookEvents(filter: { requestId: { eq: $id } }) { totalCount } }`,
        { id: `r${number}` },
      );
      expect(data.webhookEvents).toEqual({ totalCount: 0 });
    },
  );

  it("gives a replayed request no second effect, and keeps which key signed", async () => {
    const body = newBody();
    const signature = headerOf(body, oldKey);
    expect([await post(body, signature), await post(body, signature)]).toEqual([202, 200]);
    const { data } = await service.query(
      `query ($id: String!) { webhookEvents(filter: { requestId: { eq: $id } }) { nodes { signatureKeyIndex } } }`,
      { id: `r${number}` },
    );
    expect(data.webhookEvents).toEqual({ nodes: [{ signatureKeyIndex: 1 }] });
    const byKey = await service.query<{ webhookEvents: { nodes: { requestId: string }[] } }>(
      "{ webhookEvents(filter: { signatureKeyIndex: { gt: 0 } }, first: 1) { nodes { requestId } } }",
    );
    expect(byKey.data.webhookEvents.nodes).toEqual([{ requestId: `r${number}` }]);
  });

  it("lets everything in where it only reports", async () => {
    const reporting = await startService({ WEBHOOK_SECRETS: newKey, WEBHOOK_SIGNATURE_MODE: "report-only" });
    expect((await reporting.post(newBody())).status).toBe(202);
    await reporting.stop();
  });
});

describe("Standard Webhooks signatures over HTTP", () => {
  const key = Buffer.from("a key of 24 bytes, or so.");
  const whsec = `whsec_${key.toString("base64")}`;
  let service: TestService;
  beforeAll(async () => {
    service = await startService({ WEBHOOK_SECRETS: `${newKey},${whsec}` });
  });
  afterAll(() => service.stop());

  const nowSeconds = () => Math.floor(Date.now() / 1_000);

  function headersOf(body: string, { by = key, id = `msg_${number}`, timestamp = nowSeconds() } = {}) {
    const signature = createHmac("sha256", by).update(`${id}.${timestamp}.${body}`).digest("base64");
    return {
      "webhook-id": id,
      "webhook-timestamp": String(timestamp),
      "webhook-signature": `v1,${signature}`,
    };
  }

  const kept = async () => {
    const { data } = await service.query(
      `query ($id: String!) { webhookEvents(filter: { requestId: { eq: $id } }) { nodes { signatureScheme signatureKeyIndex } } }`,
      { id: `r${number}` },
    );
    return data.webhookEvents;
  };

  it("takes a whsec_ secret, and keeps the scheme and the key's index", async () => {
    const body = newBody();
    expect((await service.post(body, headersOf(body))).status).toBe(202);
    expect(await kept()).toEqual({
      nodes: [{ signatureScheme: "standard-webhooks", signatureKeyIndex: 1 }],
    });
  });

  it("takes a plain secret, and the right one of several signatures", async () => {
    const body = newBody();
    const headers = headersOf(body, { by: Buffer.from(newKey) });
    const foreign = headersOf(body, { by: Buffer.from("another key") })["webhook-signature"];
    const signature = `v1a,AAAA ${foreign} ${headers["webhook-signature"]}`;
    expect((await service.post(body, { ...headers, "webhook-signature": signature })).status).toBe(202);
  });

  it("refuses the forged, the altered and the stale, and stores nothing of them", async () => {
    const body = newBody();
    const signed = headersOf(body);
    const posts: [string, Record<string, string>][] = [
      [body, headersOf(body, { by: Buffer.from("another key") })],
      [`${body} `, signed],
      [body, { ...signed, "webhook-id": "msg_other" }],
      [body, { ...signed, "webhook-timestamp": String(nowSeconds() - 1) }],
      [body, { ...signed, "webhook-signature": "v1," }],
      [body, { "webhook-signature": signed["webhook-signature"] }],
      [body, headersOf(body, { timestamp: nowSeconds() - 302 })],
      [body, headersOf(body, { timestamp: nowSeconds() + 302 })],
    ];
    for (const [sent, headers] of posts) expect((await service.post(sent, headers)).status).toBe(401);
    expect(await kept()).toEqual({ nodes: [] });
  });
});

describe("the configuration of signatures", () => {
  it.each([" ", "a,,b", "a,", "whsec_"])("refuses a blank secret (%j)", (secrets) => {
    expect(() => loadConfig({ WEBHOOK_SECRETS: secrets })).toThrow("no blank entry");
  });

  it("refuses production without a secret, unless off is said", () => {
    expect(() => loadConfig({ NODE_ENV: "production" })).toThrow("WEBHOOK_SECRETS");
    expect(loadConfig({ NODE_ENV: "production", WEBHOOK_SIGNATURE_MODE: "off" }).webhook.signatureMode).toBe(
      "off",
    );
  });
});
