import * as crypto from "node:crypto";
import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { Webhook } from "standardwebhooks";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { SignatureHeaders } from "../../src/webhook/signature/signature-claim.js";
import { signStandardWebhooks } from "../../src/webhook/signature/standard-webhooks-signature.js";
import { signWhippy } from "../../src/webhook/signature/whippy-signature.js";
import { verifySignature, type SignaturePolicy } from "../../src/webhook/verify-signature.js";

// Only watched, never replaced: one test counts the comparisons.
vi.mock("node:crypto", { spy: true });

const SECRET = "whippy-api-key-for-tests";
const OLD_SECRET = "whippy-api-key-of-last-month";
const WHSEC_KEY = Buffer.from("0123456789abcdef0123456789abcdef");
const WHSEC = `whsec_${WHSEC_KEY.toString("base64")}`;
const NOW_S = 1_755_585_657;
const NOW = new Date(NOW_S * 1000);
const BODY: Buffer = Buffer.from('{"event":"conversation_agent_session.ended","data":{"name":"Zoë 🎉"}}');
const POLICY: SignaturePolicy = { secrets: [SECRET], toleranceSeconds: 300 };

/** What the two schemes sign, computed here without the code under test. */
const whippyDigest = (body: Buffer, timestamp: string, key: string = SECRET): Buffer =>
  createHmac("sha256", key)
    .update(Buffer.concat([Buffer.from(`${timestamp}.`), body]))
    .digest();
const standardDigest = (body: Buffer, id: string, timestamp: string, key: Buffer): Buffer =>
  createHmac("sha256", key)
    .update(Buffer.concat([Buffer.from(`${id}.${timestamp}.`), body]))
    .digest();

const verify = (headers: SignatureHeaders, body = BODY, policy = POLICY, now = NOW) =>
  verifySignature(headers, body, policy, now);
const verifyHeader = (value: string | string[], body = BODY, policy = POLICY, now = NOW) =>
  verify({ "x-whippy-signature": value }, body, policy, now);

const byWhippy = { authentic: true, scheme: "whippy", keyIndex: 0 };
const byStandard = { authentic: true, scheme: "standard-webhooks", keyIndex: 0 };
const refusedAs = (reason: string) => expect.objectContaining({ authentic: false, reason }) as unknown;

const unpadded = (text: string): string => text.replace(/=+$/, "");
const encodings: Record<string, (digest: Buffer) => string> = {
  "standard Base64 with padding": (digest) => digest.toString("base64"),
  "standard Base64 without padding": (digest) => unpadded(digest.toString("base64")),
  "Base64url with padding": (digest) => `${digest.toString("base64url")}=`,
  "Base64url without padding": (digest) => digest.toString("base64url"),
  "lower-case hex": (digest) => digest.toString("hex"),
  "upper-case hex": (digest) => digest.toString("hex").toUpperCase(),
};
const units: Record<string, string> = { seconds: String(NOW_S), milliseconds: String(NOW_S * 1000 + 123) };
const layouts: Record<string, (timestamp: string, signature: string) => string> = {
  "keyed by t and v1": (t, s) => `t=${t},v1=${s}`,
  "keyed by t and v1 the other way round": (t, s) => `v1=${s},t=${t}`,
  "keyed by upper-case names": (t, s) => `V1=${s},T=${t}`,
  "read by position under other names": (t, s) => `ts=${t},signature=${s}`,
  "read by position without names": (t, s) => `${t},${s}`,
  "read by position between whitespace": (t, s) => `  ${t}\t, ${s}  `,
  "spread with whitespace": (t, s) => `  t = ${t} ,\tv1 = ${s}  `,
};

const digestsWithBothBase64Specials = (): [body: Buffer, timestamp: string][] =>
  Object.values(units).map((timestamp) => {
    for (let n = 0; ; n++) {
      const body = Buffer.from(`{"n":${n}}`);
      if (/^(?=.*\+)(?=.*\/)/.test(whippyDigest(body, timestamp).toString("base64")))
        return [body, timestamp];
    }
  });

describe("Whippy's signature", () => {
  const whole = `t=${NOW_S},v1=${whippyDigest(BODY, String(NOW_S)).toString("base64")}`;

  describe.each(Object.entries(layouts))("%s", (_layout, write) => {
    describe.each(Object.entries(units))("in %s", (_unit, timestamp) => {
      it.each(Object.entries(encodings))("is accepted in %s", (_encoding, encode) => {
        expect(verifyHeader(write(timestamp, encode(whippyDigest(BODY, timestamp))))).toEqual(byWhippy);
      });

      it.each(Object.entries(encodings))(
        "is refused in %s when made with another key",
        (_encoding, encode) => {
          const forged = encode(whippyDigest(BODY, timestamp, "another key"));
          expect(verifyHeader(write(timestamp, forged))).toEqual(refusedAs("mismatch"));
        },
      );
    });
  });

  it("is read alike in both Base64 alphabets where they differ", () => {
    for (const [body, timestamp] of digestsWithBothBase64Specials()) {
      for (const encode of Object.values(encodings)) {
        const signature = encode(whippyDigest(body, timestamp));
        expect(verifyHeader(`t=${timestamp},v1=${signature}`, body)).toEqual(byWhippy);
      }
    }
  });

  it("covers the documented payloads byte for byte", () => {
    for (const event of ["started", "ended", "analyzed"]) {
      const body = readFileSync(
        new URL(`../fixtures/whippy/conversation_agent_session.${event}.json`, import.meta.url),
      );
      const header = `t=${NOW_S},v1=${whippyDigest(body, String(NOW_S)).toString("base64")}`;
      expect(verifyHeader(header, body)).toEqual(byWhippy);
      const reserialized = Buffer.from(JSON.stringify(JSON.parse(body.toString("utf8"))));
      expect(verifyHeader(header, reserialized)).toEqual(refusedAs("mismatch"));
    }
  });

  it("covers any bytes, also an empty body and invalid UTF-8", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const body = Buffer.from(bytes);
        const header = `t=${NOW_S},v1=${whippyDigest(body, String(NOW_S)).toString("hex")}`;
        expect(verifyHeader(header, body)).toEqual(byWhippy);
      }),
    );
  });

  it("is broken by any flipped bit of the body", () => {
    for (let bit = 0; bit < BODY.length * 8; bit++) {
      expect(verifyHeader(whole, flipBit(BODY, bit))).toEqual(refusedAs("mismatch"));
    }
  });

  it("is broken by any flipped bit of the signature, in every encoding", () => {
    const digest = whippyDigest(BODY, String(NOW_S));
    for (const encode of Object.values(encodings)) {
      for (let bit = 0; bit < digest.length * 8; bit++) {
        const header = `t=${NOW_S},v1=${encode(flipBit(digest, bit))}`;
        expect(verifyHeader(header)).toEqual(refusedAs("mismatch"));
      }
    }
  });

  it("is broken by any other timestamp, also by the same instant in another unit", () => {
    const signature = whippyDigest(BODY, String(NOW_S)).toString("base64");
    for (const timestamp of [NOW_S + 1, NOW_S - 1, NOW_S * 1000]) {
      expect(verifyHeader(`t=${timestamp},v1=${signature}`)).toEqual(refusedAs("mismatch"));
    }
  });

  it("is broken by bytes added to or cut from the body", () => {
    expect(verifyHeader(whole, Buffer.concat([BODY, Buffer.from("\n")]))).toEqual(refusedAs("mismatch"));
    expect(verifyHeader(whole, BODY.subarray(0, -1))).toEqual(refusedAs("mismatch"));
    expect(verifyHeader(whole, Buffer.alloc(0))).toEqual(refusedAs("mismatch"));
  });

  it("has one Base64 spelling: set bits that decode to nothing are refused", () => {
    const signature = whippyDigest(BODY, String(NOW_S)).toString("base64url");
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const respelled = signature.slice(0, 42) + (alphabet[alphabet.indexOf(signature.charAt(42)) + 1] ?? "");
    expect(Buffer.from(respelled, "base64url")).toEqual(Buffer.from(signature, "base64url"));
    expect(verifyHeader(`t=${NOW_S},v1=${respelled}`)).toEqual(refusedAs("malformed"));
  });

  it("is accepted from any of several signatures in one header, wherever it stands", () => {
    const good = whippyDigest(BODY, String(NOW_S)).toString("base64");
    const other = whippyDigest(BODY, String(NOW_S), "the sender's next key").toString("base64");
    for (const value of [
      `t=${NOW_S},v1=${good},v1=${other}`,
      `t=${NOW_S},v1=${other},v1=${good}`,
      `t=${NOW_S},v0=junk,v1=${other},v2=${good}`,
    ]) {
      expect(verifyHeader(value)).toEqual(byWhippy);
    }
    expect(verifyHeader(`t=${NOW_S},v1=${other},v1=${other}`)).toEqual(refusedAs("mismatch"));
  });

  it("is accepted from a repeated header, as an array or joined by Node", () => {
    const other = `t=${NOW_S},v1=${whippyDigest(BODY, String(NOW_S), "another key").toString("hex")}`;
    expect(verifyHeader([other, whole])).toEqual(byWhippy);
    expect(verifyHeader(`${other}, ${whole}`)).toEqual(byWhippy);
    expect(verifyHeader([])).toEqual(refusedAs("malformed"));
  });

  it.each([
    ["nothing", ""],
    ["only a timestamp", `t=${NOW_S}`],
    ["only a signature", whippyDigest(BODY, String(NOW_S)).toString("base64")],
    ["an empty signature", `t=${NOW_S},v1=`],
    ["a signature of another length", `t=${NOW_S},v1=${whippyDigest(BODY, String(NOW_S)).toString("hex")}00`],
    ["a timestamp in words", `t=yesterday,v1=${whippyDigest(BODY, "yesterday").toString("hex")}`],
    ["a fractional timestamp", `t=${NOW_S}.5,v1=${whippyDigest(BODY, `${NOW_S}.5`).toString("hex")}`],
    ["a negative timestamp", `t=-${NOW_S},v1=${whippyDigest(BODY, `-${NOW_S}`).toString("hex")}`],
    [
      "a timestamp in microseconds",
      `t=${NOW_S}000000,v1=${whippyDigest(BODY, `${NOW_S}000000`).toString("hex")}`,
    ],
    ["more than 4096 characters", `${whole},${"x".repeat(4096)}`],
  ])("is malformed when it holds %s", (_what, value) => {
    expect(verifyHeader(value)).toEqual(refusedAs("malformed"));
  });
});

describe("the tolerance", () => {
  const signedAt = (offsetMs: number, unit: "s" | "ms") => {
    const timestamp = unit === "ms" ? NOW_S * 1000 + offsetMs : NOW_S + offsetMs / 1000;
    return verifyHeader(`t=${timestamp},v1=${whippyDigest(BODY, String(timestamp)).toString("base64")}`);
  };

  it("includes its boundary, in the past and in the future", () => {
    expect(signedAt(-300_000, "s")).toEqual(byWhippy);
    expect(signedAt(300_000, "s")).toEqual(byWhippy);
    expect(signedAt(-300_000, "ms")).toEqual(byWhippy);
    expect(signedAt(300_000, "ms")).toEqual(byWhippy);
  });

  it("excludes what lies just beyond it, and says by how much", () => {
    expect(signedAt(-301_000, "s")).toEqual({
      authentic: false,
      reason: "stale",
      detail: "X-Whippy-Signature: timestamp is 301 s old, at most 300 s is tolerated",
    });
    expect(signedAt(301_000, "s")).toEqual({
      authentic: false,
      reason: "stale",
      detail: "X-Whippy-Signature: timestamp is 301 s ahead, at most 300 s is tolerated",
    });
    expect(signedAt(-300_001, "ms")).toEqual(refusedAs("stale"));
    expect(signedAt(300_001, "ms")).toEqual(refusedAs("stale"));
  });

  it("is never mentioned to somebody who cannot sign", () => {
    const forged = whippyDigest(BODY, "1000000000", "another key").toString("base64");
    expect(verifyHeader(`t=1000000000,v1=${forged}`)).toEqual(refusedAs("mismatch"));
  });

  it("is the policy's for Standard Webhooks too, wider or narrower than the package's five minutes", () => {
    const dayOld = standardHeaders({ timestamp: NOW_S - 86_400 });
    expect(verify(dayOld, BODY, { ...POLICY, toleranceSeconds: 86_400 })).toEqual(byStandard);
    expect(verify(dayOld, BODY, { ...POLICY, toleranceSeconds: 86_399 })).toEqual(refusedAs("stale"));
    const minuteAhead = standardHeaders({ timestamp: NOW_S + 60 });
    expect(verify(minuteAhead, BODY, { ...POLICY, toleranceSeconds: 60 })).toEqual(byStandard);
    expect(verify(minuteAhead, BODY, { ...POLICY, toleranceSeconds: 59 })).toEqual(refusedAs("stale"));
  });

  it("refuses when the tolerance or the clock is not a number", () => {
    const header = signWhippy(BODY, SECRET, NOW_S);
    expect(verifyHeader(header, BODY, { ...POLICY, toleranceSeconds: NaN })).toEqual(refusedAs("stale"));
    expect(verifyHeader(header, BODY, POLICY, new Date(NaN))).toEqual(refusedAs("stale"));
  });
});

describe("several secrets", () => {
  beforeEach(() => {
    vi.clearAllMocks();
  });

  const secrets = ["", OLD_SECRET, WHSEC, SECRET];
  const rotating: SignaturePolicy = { secrets, toleranceSeconds: 300 };

  it("are all believed while keys rotate, and the one that signed is named by its index", () => {
    for (const keyIndex of [1, 2, 3]) {
      const signature = whippyDigest(BODY, String(NOW_S), secrets[keyIndex]).toString("base64");
      expect(verifyHeader(`t=${NOW_S},v1=${signature}`, BODY, rotating)).toEqual({ ...byWhippy, keyIndex });
    }
    expect(verify(standardHeaders({ key: WHSEC_KEY }), BODY, rotating)).toEqual({
      ...byStandard,
      keyIndex: 2,
    });
    expect(verify(standardHeaders(), BODY, rotating)).toEqual({ ...byStandard, keyIndex: 3 });
  });

  it("are named by the first index when one is listed twice", () => {
    const policy = { ...POLICY, secrets: [OLD_SECRET, SECRET, SECRET] };
    expect(verifyHeader(signWhippy(BODY, SECRET, NOW_S), BODY, policy)).toEqual({ ...byWhippy, keyIndex: 1 });
  });

  it("stop being believed once removed", () => {
    const signature = whippyDigest(BODY, String(NOW_S), OLD_SECRET).toString("base64");
    expect(verifyHeader(`t=${NOW_S},v1=${signature}`)).toEqual(refusedAs("mismatch"));
  });

  it("are all compared with all signatures, whichever matches", () => {
    const other = whippyDigest(BODY, String(NOW_S), "another key").toString("base64");
    for (const signer of [OLD_SECRET, WHSEC, SECRET, "a stranger's key"]) {
      const signature = whippyDigest(BODY, String(NOW_S), signer).toString("base64");
      vi.mocked(crypto.timingSafeEqual).mockClear();
      verifyHeader(`t=${NOW_S},v1=${signature},v1=${other}`, BODY, rotating);
      expect(crypto.timingSafeEqual).toHaveBeenCalledTimes(3 * 2);
    }
  });

  it.each([[[]], [[""]], [["  ", "whsec_", "whsec_ "]]])("are needed: %j signs nothing", (blank) => {
    for (const key of ["", ...blank]) {
      const signature = whippyDigest(BODY, String(NOW_S), key).toString("base64");
      const policy = { ...POLICY, secrets: blank };
      expect(verifyHeader(`t=${NOW_S},v1=${signature}`, BODY, policy)).toEqual(refusedAs("no-secret"));
    }
  });

  it("skip a blank one among others, so that nobody signs with an empty key", () => {
    const signature = whippyDigest(BODY, String(NOW_S), "").toString("base64");
    expect(verifyHeader(`t=${NOW_S},v1=${signature}`, BODY, rotating)).toEqual(refusedAs("mismatch"));
  });
});

describe("Standard Webhooks", () => {
  it("is accepted with a plain secret and with a whsec_ secret", () => {
    expect(verify(standardHeaders())).toEqual(byStandard);
    const policy = { ...POLICY, secrets: [WHSEC] };
    expect(verify(standardHeaders({ key: WHSEC_KEY }), BODY, policy)).toEqual(byStandard);
  });

  it("takes the UTF-8 bytes of a plain secret, also of one that only looks like whsec_", () => {
    for (const secret of ["schlüssel-€", "whsec_not base64!"]) {
      const policy = { ...POLICY, secrets: [secret] };
      expect(verify(standardHeaders({ key: Buffer.from(secret) }), BODY, policy)).toEqual(byStandard);
    }
  });

  it("does not take the text of a whsec_ secret for the key", () => {
    const policy = { ...POLICY, secrets: [WHSEC] };
    expect(verify(standardHeaders({ key: Buffer.from(WHSEC) }), BODY, policy)).toEqual(refusedAs("mismatch"));
  });

  it("is accepted from any of several signatures, other versions ignored", () => {
    const { "webhook-signature": good, ...rest } = standardHeaders();
    const { "webhook-signature": other } = standardHeaders({ key: WHSEC_KEY });
    for (const signature of [
      `${other} ${good}`,
      `v1a,xyz\t${good}  v2,abc`,
      `${good}, ${other}`,
      [other, good],
    ]) {
      expect(verify({ ...rest, "webhook-signature": signature })).toEqual(byStandard);
    }
    const asV2 = good.replace("v1,", "v2,");
    expect(verify({ ...rest, "webhook-signature": asV2 })).toEqual(refusedAs("malformed"));
  });

  it("is broken by another id, another timestamp and any flipped bit of the body", () => {
    const headers = standardHeaders();
    expect(verify({ ...headers, "webhook-id": "msg_2" })).toEqual(refusedAs("mismatch"));
    expect(verify({ ...headers, "webhook-timestamp": String(NOW_S + 1) })).toEqual(refusedAs("mismatch"));
    for (let bit = 0; bit < BODY.length * 8; bit++) {
      expect(verify(headers, flipBit(BODY, bit)).authentic).toBe(false);
    }
  });

  it("does not let one invalid UTF-8 byte stand for another", () => {
    const body = Buffer.from([0x22, 0xff, 0x22]);
    const twin = Buffer.from([0x22, 0xfe, 0x22]);
    const webhook = new Webhook(Buffer.from(SECRET), { format: "raw" });
    const signature = webhook.sign("msg_1", NOW, body);
    expect(webhook.sign("msg_1", NOW, twin)).toBe(signature);
    for (const bytes of [body, twin]) {
      const headers = { ...standardHeaders(), "webhook-signature": signature };
      expect(verify(headers, bytes)).toEqual(refusedAs("malformed"));
    }
  });

  it("covers any valid UTF-8, also a byte order mark and a NUL", () => {
    const texts = fc.oneof(fc.string({ unit: "binary" }), fc.constant("\uFEFF{}"), fc.constant("\u0000"));
    fc.assert(
      fc.property(texts, (text) => {
        const body = Buffer.from(text, "utf8");
        expect(verify(standardHeaders({ body }), body)).toEqual(byStandard);
      }),
    );
  });

  it.each([
    ["webhook-id", "absent", undefined],
    ["webhook-id", "empty", ""],
    ["webhook-id", "sent twice", ["msg_1", "msg_1"]],
    ["webhook-id", "sent twice and joined by Node", "msg_1, msg_1"],
    ["webhook-id", "longer than 256 characters", "x".repeat(257)],
    ["webhook-timestamp", "absent", undefined],
    ["webhook-timestamp", "a number with a tail", `${NOW_S}abc`],
    ["webhook-timestamp", "a number with a leading zero", `0${NOW_S}`],
    ["webhook-timestamp", "an array", [String(NOW_S)]],
    ["webhook-signature", "empty", ""],
    ["webhook-signature", "an empty signature", "v1,"],
    ["webhook-signature", "longer than 4096 characters", `v1,${"A".repeat(4096)}`],
  ])("names %s as malformed when it is %s", (name, _what, value) => {
    expect(verify({ ...standardHeaders(), [name]: value })).toEqual({
      authentic: false,
      reason: "malformed",
      detail: expect.stringMatching(new RegExp(`^${name}: `)) as unknown,
    });
  });

  it("refuses an id with a full stop although its signature is right", () => {
    expect(verify(standardHeaders({ id: "msg.1" }))).toEqual(refusedAs("malformed"));
  });
});

describe("headers of both schemes", () => {
  const whippy = (timestamp = NOW_S, key = SECRET) => ({
    "x-whippy-signature": `t=${timestamp},v1=${whippyDigest(BODY, String(timestamp), key).toString("hex")}`,
  });
  const forgedStandard = () => standardHeaders({ key: WHSEC_KEY });

  it("are authentic when either is", () => {
    expect(verify({ ...whippy(), ...forgedStandard() })).toEqual(byWhippy);
    expect(verify({ ...whippy(NOW_S, "another key"), ...standardHeaders() })).toEqual(byStandard);
    expect(verify({ ...whippy(NOW_S - 3600), ...standardHeaders() })).toEqual(byStandard);
    expect(verify({ "x-whippy-signature": "junk", ...standardHeaders() })).toEqual(byStandard);
  });

  it("are refused for the more telling reason when neither is", () => {
    expect(verify({ ...whippy(NOW_S - 3600), ...forgedStandard() })).toEqual(refusedAs("stale"));
    expect(verify({ "x-whippy-signature": "junk", ...forgedStandard() })).toEqual(refusedAs("mismatch"));
    const mismatch = verify({ ...whippy(NOW_S, "another key"), "webhook-signature": "junk" });
    expect(mismatch).toEqual(refusedAs("mismatch"));
  });

  it("are both named when both are missing", () => {
    expect(verify({ "content-type": "application/json" })).toEqual({
      authentic: false,
      reason: "missing",
      detail: "X-Whippy-Signature or webhook-signature: must be present",
    });
  });

  it("do not lend each other signatures", () => {
    const standard = standardHeaders({ id: String(NOW_S) });
    const signature = standard["webhook-signature"].slice("v1,".length);
    expect(verifyHeader(`t=${NOW_S},v1=${signature}`)).toEqual(refusedAs("mismatch"));
    const lent = `v1,${whippyDigest(BODY, String(NOW_S)).toString("base64")}`;
    expect(verify({ ...standard, "webhook-signature": lent })).toEqual(refusedAs("mismatch"));
  });
});

describe("hostile input", () => {
  const plausible = fc.constantFrom(
    "t",
    "v1",
    "=",
    ",",
    ", ",
    " ",
    "v1,",
    String(NOW_S),
    "A".repeat(43),
    "f".repeat(64),
  );
  const headerText = fc.oneof(
    fc.string({ unit: "binary", maxLength: 200 }),
    fc.array(plausible, { maxLength: 20 }).map((tokens) => tokens.join("")),
    fc
      .tuple(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.constantFrom(...Object.values(layouts)))
      .map(([digest, write]) => write(String(NOW_S), Buffer.from(digest).toString("base64"))),
    fc
      .uint8Array({ minLength: 32, maxLength: 32 })
      .map((digest) => `v1,${Buffer.from(digest).toString("base64")}`),
  );
  const headerValue = fc.oneof(headerText, fc.array(headerText, { maxLength: 4 }), fc.constant(undefined));
  const hostileHeaders = fc.record({
    "x-whippy-signature": headerValue,
    "webhook-id": fc.oneof(headerValue, fc.constant("msg_1")),
    "webhook-timestamp": fc.oneof(headerValue, fc.constant(String(NOW_S)), fc.constant("9999999999999")),
    "webhook-signature": headerValue,
  });
  const policies = fc.record({
    secrets: fc.array(
      fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom(SECRET, WHSEC, "whsec_=", "whsec_A")),
      { minLength: 1 },
    ),
    toleranceSeconds: fc.constant(Infinity),
  });

  it("never throws and is never authentic, even to a policy that tolerates any age", () => {
    fc.assert(
      fc.property(hostileHeaders, fc.uint8Array({ maxLength: 100 }), policies, (headers, bytes, policy) => {
        const verdict = verify(headers, Buffer.from(bytes), policy);
        expect(verdict.authentic).toBe(false);
      }),
      { numRuns: 3000 },
    );
  });

  it("is never quoted in the detail, and neither is the secret", () => {
    const marker = "Sentinel42";
    const markedBody = Buffer.from(`{"${marker}":1}`);
    const forged = Buffer.from(marker.repeat(4).slice(0, 32)).toString("base64");
    for (const headers of [
      { "x-whippy-signature": marker },
      { "x-whippy-signature": `t=${NOW_S},v1=${marker}` },
      { "x-whippy-signature": `${marker}=${NOW_S},v1=${forged}` },
      { ...standardHeaders(), "webhook-id": `${marker}.` },
      { ...standardHeaders(), "webhook-timestamp": marker },
      { ...standardHeaders(), "webhook-signature": `v1,${marker}` },
      { ...standardHeaders(), "webhook-signature": `v1,${forged}` },
    ]) {
      const verdict = verify(headers, markedBody, { ...POLICY, secrets: [marker] });
      expect(verdict.authentic).toBe(false);
      expect(JSON.stringify(verdict)).not.toMatch(new RegExp(`${marker}|${forged}`));
    }
  });
});

describe("signing", () => {
  it("writes Whippy's header as Whippy likely does", () => {
    const signature = unpadded(whippyDigest(BODY, String(NOW_S)).toString("base64"));
    expect(signWhippy(BODY, SECRET, NOW_S)).toBe(`t=${NOW_S},v1=${signature}`);
  });

  it("writes Standard Webhooks headers for plain and whsec_ secrets", () => {
    const message = { id: "msg_1", timestamp: NOW_S };
    expect(signStandardWebhooks(BODY, SECRET, message)).toEqual(standardHeaders());
    expect(signStandardWebhooks(BODY, WHSEC, message)).toEqual(standardHeaders({ key: WHSEC_KEY }));
  });

  it("is undone by verifying, whatever the body and the secret", () => {
    const secret = fc.string({ unit: "binary", minLength: 1 }).filter((text) => !/^(whsec_)?\s*$/.test(text));
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), secret, fc.boolean(), (text, key, millis) => {
        const body = Buffer.from(text, "utf8");
        const policy = { ...POLICY, secrets: [key] };
        const timestamp = millis ? NOW_S * 1000 : NOW_S;
        expect(verifyHeader(signWhippy(body, key, timestamp), body, policy)).toEqual(byWhippy);
        const headers = signStandardWebhooks(body, key, { id: "msg_1", timestamp });
        expect(verify({ ...headers }, body, policy)).toEqual(byStandard);
      }),
    );
  });
});

function flipBit(bytes: Buffer, bit: number): Buffer {
  const flipped = Buffer.from(bytes);
  flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
  return flipped;
}

function standardHeaders({ body = BODY, id = "msg_1", timestamp = NOW_S, key = Buffer.from(SECRET) } = {}) {
  const signature = standardDigest(body, id, String(timestamp), key).toString("base64");
  return {
    "webhook-id": id,
    "webhook-timestamp": String(timestamp),
    "webhook-signature": `v1,${signature}`,
  };
}
