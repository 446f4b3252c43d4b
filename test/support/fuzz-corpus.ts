import { randomUUID } from "node:crypto";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";

/** A hostile delivery and what must come of it. */
export interface HostileDelivery {
  readonly name: string;
  readonly body: Buffer;
  readonly headers?: Record<string, string>;
  readonly fate: Fate;
}

/**
 * refused: 4xx, nothing stored. dead: 202, a dead letter. ignored: 202, kept, of no known type. kept: 200,
 * whole. noted: 200, without its odd fields, which the answer names.
 */
export type Fate = "refused" | "dead" | "ignored" | "kept" | "noted";

/** Stands in every body, and must stand in no line of the log. */
export const sentinel = "Zq7-sentinel-+15550199";

type Value = Record<string, unknown>;

const uuid = () => randomUUID();

function data(changes: Value = {}): Value {
  return {
    id: uuid(),
    conversation_id: uuid(),
    agent_version: {
      id: uuid(),
      agent_id: uuid(),
      organization_id: uuid(),
      name: sentinel,
      provider_settings: {},
    },
    messages: [message()],
    ...changes,
  };
}

const message = (changes: Value = {}): Value => ({ id: uuid(), body: sentinel, ...changes });

const event = "conversation_agent_session.analyzed";
const envelope = (changes: Value = {}): Value => ({
  event,
  request_id: uuid(),
  data: data(),
  note: sentinel,
  ...changes,
});
const json = (value: unknown) => Buffer.from(JSON.stringify(value));
const withData = (changes: Value) => json(envelope({ data: data(changes) }));

/** An envelope whose data holds this JSON text under a key, however JSON.stringify would write it. */
const raw = (key: string, text: string) =>
  Buffer.from(JSON.stringify(envelope({ data: data({ [key]: "@@" }) })).replace('"@@"', text));

const wrong: Record<string, unknown> = {
  "a number": 1,
  "a fraction": 1.5,
  true: true,
  "a list": [sentinel],
  "an object": { a: sentinel },
  "an empty list": [],
  "a long text": sentinel.repeat(20_000),
  "an empty text": "",
};

const among = (
  field: string,
  value: unknown,
  container: "envelope" | "data" | "message" | "version",
): Buffer => {
  if (container === "envelope") return json(envelope({ [field]: value }));
  if (container === "data") return withData({ [field]: value });
  if (container === "message") return withData({ messages: [message(), message({ [field]: value })] });
  return withData({ agent_version: { ...(data().agent_version as Value), [field]: value } });
};

const emptyIsNone = ["an empty text"];

/**
 * Every field of a known type with values of other types. A JSON field takes anything, so its values are
 * kept.
 */
function* wronglyTyped(): Generator<HostileDelivery> {
  const codes = ["ended_reason", "chat_completion_rating", "user_sentiment", "language"];
  const texts = ["an empty text", "a long text"];
  type Case = [container: "data" | "message" | "version", fields: string[], kept: string[], others: Fate];
  const all: Case[] = [
    ["data", ["id", "conversation_id", "agent_version"], [], "dead"],
    ["data", [...codes, "translation_language"], ["an empty text"], "noted"],
    ["data", ["started_at", "ended_at"], emptyIsNone, "noted"],
    ["data", ["chat_summary", "chat_transcript", "translated_chat_transcript"], texts, "noted"],
    ["data", ["messages"], ["an empty list"], "noted"],
    ["data", ["custom_analysis_data"], Object.keys(wrong), "dead"],
    ["message", ["id"], [], "noted"],
    ["message", ["contact_id", "channel_id", "campaign_id", "step_id"], emptyIsNone, "noted"],
    ["message", ["conversation_id"], emptyIsNone, "noted"],
    ["message", ["direction", "type", "mode", "delivery_status", "from", "to"], ["an empty text"], "noted"],
    ["message", ["body", "translated_body"], texts, "noted"],
    ["message", ["created_at", "updated_at"], emptyIsNone, "noted"],
    ["message", ["user_id"], ["a number", "an empty text"], "noted"],
    ["message", ["attachments", "metadata"], Object.keys(wrong), "dead"],
    ["version", ["id", "agent_id", "organization_id"], [], "dead"],
    ["version", ["llm_id"], emptyIsNone, "noted"],
    ["version", ["name"], ["an empty text"], "noted"],
    ["version", ["created_by_id"], ["a number", "an empty text"], "noted"],
    ["version", ["provider_settings"], Object.keys(wrong), "dead"],
  ];
  for (const [container, fields, kept, otherwise] of all)
    for (const field of fields)
      for (const [what, value] of Object.entries(wrong))
        yield {
          name: `${container}.${field} is ${what}`,
          body: among(field, value, container),
          fate: kept.includes(what) ? "kept" : otherwise,
        };
  yield* oddEnvelopes();
}

/** Only `event` decides whether there is an event; without `data` an understood one is a dead letter. */
function* oddEnvelopes(): Generator<HostileDelivery> {
  const labels = ["a number", "a fraction", "an empty text", "null"];
  const all: [field: string, fateOf: (what: string) => Fate][] = [
    ["event", (what) => (what.endsWith(" text") ? "ignored" : "refused")],
    ["request_id", (what) => (labels.includes(what) ? "kept" : "noted")],
    ["api_version", (what) => (labels.includes(what) ? "kept" : "noted")],
    ["created_at", (what) => (["an empty text", "null"].includes(what) ? "kept" : "noted")],
    ["data", () => "dead"],
  ];
  for (const [field, fateOf] of all)
    for (const [what, value] of Object.entries({ ...wrong, null: null }))
      yield {
        name: `envelope ${field} is ${what}`,
        body: among(field, value, "envelope"),
        fate: fateOf(what),
      };
}

function* missing(): Generator<HostileDelivery> {
  const fates = { event: "refused", request_id: "kept", data: "dead" } as const;
  for (const [field, fate] of Object.entries(fates))
    yield { name: `no ${field}`, body: json({ ...envelope(), [field]: undefined }), fate };
  for (const field of ["id", "conversation_id", "agent_version"])
    yield { name: `no data.${field}`, body: withData({ [field]: undefined }), fate: "dead" };
  for (const field of ["id", "agent_id", "organization_id"])
    yield { name: `no agent_version.${field}`, body: among(field, undefined, "version"), fate: "dead" };
  yield { name: "no message id", body: withData({ messages: [message({ id: undefined })] }), fate: "noted" };
}

const instants: readonly (readonly [text: string, fate: "noted" | "kept"])[] = [
  ["2025-08-19T06:40:57.416929Z", "kept"],
  ["2025-08-19T06:40:57.4169291234Z", "kept"],
  ["2025-08-19T06:40:57+05:30", "kept"],
  ["2025-08-19T06:40:57", "kept"],
  ["2025-08-19 06:40:57Z", "kept"],
  ["2025-08-19 06:40:57.416929+00", "kept"],
  ["2025-08-19T06:40:57-0530", "kept"],
  ["2025-08-19T06:40:57+24", "noted"],
  ["2016-12-31T23:59:60Z", "noted"],
  ["10000-01-01T00:00:00Z", "noted"],
  ["9999-12-31T23:59:59-01:00", "noted"],
  ["0999-12-31T23:59:59Z", "noted"],
  ["2025-02-30T00:00:00Z", "noted"],
  ["2025-08-19T24:00:00Z", "noted"],
  ["2025-08-19T06:40:57+99:99", "noted"],
  ["2025-08-19", "noted"],
  ["1755585657", "noted"],
  [`2025-08-19T06:40:57Z'; DROP TABLE sessions; -- ${sentinel}`, "noted"],
];

function* odd(): Generator<HostileDelivery> {
  for (const [text, fate] of instants) {
    yield { name: `started_at ${text}`, body: withData({ started_at: text }), fate };
    yield { name: `updated_at ${text}`, body: withData({ messages: [message({ updated_at: text })] }), fate };
    yield { name: `created_at ${text}`, body: json(envelope({ created_at: text })), fate };
  }
  for (const number of ["1e400", "-1e400"])
    yield {
      name: `the number ${number}`,
      body: raw("custom_analysis_data", `{"n":${number}}`),
      fate: "noted",
    };
  for (const number of ["1e308", "-0", "12345678901234567890", "0.1e-400", "9".repeat(400).slice(0, 300)])
    yield {
      name: `the number ${number.slice(0, 30)}`,
      body: raw("custom_analysis_data", `{"n":${number}}`),
      fate: "kept",
    };
  for (const id of ["9007199254740992", "-9007199254740992", "9223372036854775808", "1.5", "1e30"])
    yield {
      name: `user_id ${id}`,
      body: raw("messages", `[{"id":"${uuid()}","user_id":${id}}]`),
      fate: "noted",
    };
  for (const [name, text] of Object.entries({
    "a high surrogate": '"\\ud83d"',
    "a low surrogate": '"\\ude00 x"',
    "surrogates the wrong way round": '"\\ude00\\ud83d"',
    "a surrogate in a key": '{"\\ud83d":1}',
  }))
    yield { name, body: raw("custom_analysis_data", text), fate: "noted" };
  for (const [name, text] of Object.entries({
    NUL: '"a\\u0000b"',
    "four-byte characters": '"😀𝕏"',
    "a byte order mark": '"\\ufeff"',
    "control characters": '"\\u0001\\u001b[2J\\u007f"',
    "line separators": '"\\u2028\\u2029"',
    "a noncharacter": '"\\uffff"',
    __proto__: '{"__proto__":{"polluted":true},"constructor":{"prototype":{"x":1}}}',
    "duplicated keys": '{"a":1,"a":2}',
    "an empty key": '{"":0}',
    "integer keys": '{"2":0,"1":0}',
  })) {
    yield { name: `${name} in analysis data`, body: raw("custom_analysis_data", text), fate: "kept" };
    yield { name: `${name} in provider settings`, body: raw("x", text), fate: "kept" };
  }
  for (const levels of [50, 65, 1_000, 100_000]) {
    const nested = "[".repeat(levels) + "]".repeat(levels);
    const objects = '{"a":'.repeat(levels) + "1" + "}".repeat(levels);
    const fate = levels === 50 ? "kept" : "noted";
    yield { name: `${levels} lists in lists`, body: raw("custom_analysis_data", nested), fate };
    yield { name: `${levels} objects in objects`, body: raw("custom_analysis_data", objects), fate };
    yield { name: `${levels} levels in an unknown field`, body: raw("unknown", nested), fate: "kept" };
    const version = JSON.stringify(data().agent_version).replace("{", `{"unknown":${nested},`);
    yield { name: `${levels} levels in a version`, body: raw("agent_version", version), fate };
    const withMetadata = `[{"id":"${uuid()}","metadata":${objects}}]`;
    yield { name: `${levels} levels in metadata`, body: raw("messages", withMetadata), fate };
  }
  yield {
    name: "__proto__ as data",
    body: Buffer.from(`{"event":"${event}","request_id":"${uuid()}","__proto__":{"data":{}}}`),
    fate: "dead",
  };
  yield {
    name: "data twice",
    body: Buffer.from(`{"event":"${event}","request_id":"${uuid()}","data":1,"data":{}}`),
    fate: "dead",
  };
  const twice = message();
  yield {
    name: "a message twice",
    body: withData({ messages: [twice, { ...twice, body: "b" }] }),
    fate: "kept",
  };
  yield {
    name: "10000 answers",
    body: withData({
      custom_analysis_data: Object.fromEntries(Array.from({ length: 10_000 }, (_x, i) => [`k${i}`, i])),
    }),
    fate: "kept",
  };
  yield {
    name: "a long answer name",
    body: withData({ custom_analysis_data: { ["n".repeat(10_000)]: 1 } }),
    fate: "kept",
  };
  yield {
    name: "SQL",
    body: withData({ chat_summary: "\\'; DROP TABLE sessions; -- \\\\' \"" }),
    fate: "kept",
  };
}

function* noEnvelope(): Generator<HostileDelivery> {
  const bodies: Record<string, Buffer | string> = {
    nothing: "",
    blanks: "  \n ",
    null: "null",
    "a number": "42",
    "a text": `"${sentinel}"`,
    "a list": `[${JSON.stringify(envelope())}]`,
    "a cut body": JSON.stringify(envelope()).slice(0, -1),
    "two values": `${JSON.stringify(envelope())}{}`,
    NaN: `{"event":NaN,"x":"${sentinel}"}`,
    "a comment": `/* ${sentinel} */ {}`,
    "single quotes": `{'event':'${sentinel}'}`,
    "a trailing comma": `{"event":"${sentinel}",}`,
    "a raw line break in a text": `{"event":"${sentinel}\n"}`,
    "a form": `event=${sentinel}`,
    xml: `<event>${sentinel}</event>`,
    "100000 open lists": "[".repeat(100_000),
    "100000 open objects": '{"a":'.repeat(100_000),
    "a lone continuation byte": Buffer.concat([
      Buffer.from('{"event":"'),
      Buffer.from([0x80]),
      Buffer.from(`${sentinel}"}`),
    ]),
    "an overlong slash": Buffer.concat([
      Buffer.from('{"event":"'),
      Buffer.from([0xc0, 0xaf]),
      Buffer.from(`${sentinel}"}`),
    ]),
    "a surrogate in UTF-8": Buffer.concat([
      Buffer.from('{"event":"'),
      Buffer.from([0xed, 0xa0, 0x80]),
      Buffer.from('"}'),
    ]),
    "UTF-16": Buffer.from(JSON.stringify(envelope()), "utf16le"),
    "bytes of no meaning": Buffer.from(Array.from({ length: 4_096 }, (_byte, index) => (index * 197) % 256)),
  };
  for (const [name, body] of Object.entries(bodies)) yield { name, body: Buffer.from(body), fate: "refused" };
  for (const character of ["\\u0000", "\\n", "\\u007f", "\\ud800", "\\u0085"]) {
    yield {
      name: `event with ${character}`,
      body: Buffer.from(`{"event":"a${character}","request_id":"${uuid()}","data":{}}`),
      fate: "ignored",
    };
    yield {
      name: `request_id with ${character}`,
      body: Buffer.from(`{"event":"a","request_id":"${uuid()}${character}","data":{}}`),
      fate: "ignored",
    };
  }
  yield {
    name: "an event of 101 characters",
    body: json(envelope({ event: "e".repeat(101) })),
    fate: "ignored",
  };
  yield {
    name: "an event with half a character at the bound",
    body: json(envelope({ event: `${"e".repeat(99)}😀` })),
    fate: "ignored",
  };
  yield {
    name: "a request_id of 201 characters",
    body: json(envelope({ request_id: "r".repeat(201) })),
    fate: "noted",
  };
}

function* encodings(): Generator<HostileDelivery> {
  const body = json(envelope());
  for (const type of [
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "",
    "application/xml",
    "json",
    "application/json-seq",
  ])
    yield { name: `Content-Type ${type}`, body, headers: { "Content-Type": type }, fate: "refused" };
  yield {
    name: "an unknown Content-Encoding",
    body,
    headers: { "Content-Encoding": "zstd-of-ours" },
    fate: "refused",
  };
  yield { name: "gzip that is none", body, headers: { "Content-Encoding": "gzip" }, fate: "refused" };
  yield {
    name: "gzip, cut",
    body: gzipSync(body).subarray(0, -20),
    headers: { "Content-Encoding": "gzip" },
    fate: "refused",
  };
  yield { name: "gzip", body: gzipSync(body), headers: { "Content-Encoding": "gzip" }, fate: "kept" };
  yield {
    name: "deflate",
    body: deflateSync(json(envelope())),
    headers: { "Content-Encoding": "deflate" },
    fate: "kept",
  };
  const bomb = Buffer.alloc(100 * 1024 * 1024, 0x20);
  yield {
    name: "a gzip bomb",
    body: gzipSync(bomb),
    headers: { "Content-Encoding": "gzip" },
    fate: "refused",
  };
  yield {
    name: "a brotli bomb",
    body: brotliCompressSync(bomb.subarray(0, 32 * 1024 * 1024)),
    headers: { "Content-Encoding": "br" },
    fate: "refused",
  };
  yield { name: "6 MB", body: Buffer.alloc(6 * 1024 * 1024, 0x20), fate: "refused" };
}

export const corpus: readonly HostileDelivery[] = [
  ...wronglyTyped(),
  ...missing(),
  ...odd(),
  ...noEnvelope(),
  ...encodings(),
];
