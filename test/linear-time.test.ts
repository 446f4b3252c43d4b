import "reflect-metadata";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { parseApiKey } from "../src/access/api-key.js";
import { isLoopback } from "../src/access/address.js";
import { parseEnvelope } from "../src/events/envelope.js";
import { identifierOf, identifiersOfAddress, possibleKeys, Scrubber } from "../src/events/identifiers.js";
import { parseInstant } from "../src/model/instant.js";
import { withoutErased } from "../src/events/redact.js";
import { findUnstorable } from "../src/events/storable.js";
import { safeCell } from "../src/export/session-columns.js";
import { CursorCodec } from "../src/graphql/cursors.js";
import { DateTimeScalar } from "../src/model/scalars.js";
import { storedHash, storedId } from "../src/model/kinds.js";
import { searchTerms, wantedTerms } from "../src/store/search-terms.js";
import { decodeDigest, timestampToMs } from "../src/webhook/signature/signature-claim.js";
import { readStandardWebhooksClaim } from "../src/webhook/signature/standard-webhooks-signature.js";
import { readWhippyClaim } from "../src/webhook/signature/whippy-signature.js";

const shorter = 10_000;
const times = 10;
/** Linear work takes ten times as long for ten times the text, and quadratic work a hundred times. */
const greatestRatio = 40;
/** Added to both figures: below it a measurement says nothing. */
const noiseMilliseconds = 5;

/** What is repeated, and what ends the text, so that an expression that came so far has to give up. */
const repeated = ["a", "Z", "0", "٣", "é", "漢", " ", "\t", "\n", "\0", "\u00ad", "\ufeff", "👍"].concat(
  Array.from("=.,:;-+_*@#/\\\"'`<>()[]{}$%&?!|~^"),
  ["0 ", "a ", "a.", "a@", "0-", "(0", "\\\\", '\\"', '"""', "=,", "v1,", "], ", " value: ", "a=b,"],
);
const endings = ["", "\u0001", "@", "x"];

function attacks(length: number): string[] {
  return repeated.flatMap((part) =>
    endings.map((ending) => part.repeat(Math.ceil(length / part.length)) + ending),
  );
}

const short = attacks(shorter);
const long = attacks(shorter * times);

function cpuMilliseconds(work: (text: string) => unknown, texts: readonly string[]): number {
  const from = process.cpuUsage();
  for (const text of texts) attempt(work, text);
  const { user, system } = process.cpuUsage(from);
  return (user + system) / 1_000;
}

/** A refusal is an answer too. */
function attempt(work: (text: string) => unknown, text: string): void {
  try {
    work(text);
  } catch (error) {
    if (error instanceof RangeError) throw error;
  }
}

function expectLinear(work: (text: string) => unknown): void {
  for (const [index, text] of short.entries()) {
    const once = cpuMilliseconds(work, [text]);
    const more = cpuMilliseconds(work, [long[index] ?? ""]);
    const ratio = (more + noiseMilliseconds) / (once + noiseMilliseconds);
    expect(ratio, `of ${JSON.stringify(text.slice(0, 8))}…${JSON.stringify(text.slice(-1))}`).toBeLessThan(
      greatestRatio,
    );
  }
}

const scrubber = new Scrubber(
  new Set(["+13235550142", "ann@example.org"].map((text) => identifierOf(text) ?? "")),
);
const cursors = new CursorCodec("a key");
const erased = new Set([identifierOf("+13235550142") ?? ""]);

/** All that reads a text of a stranger. */
const readers: Readonly<Record<string, (text: string) => unknown>> = {
  "who a text names": (text) => {
    let count = 0;
    for (const key of possibleKeys({ from: text, [text]: text }, new Set([10, 11]))) count += key.length;
    return count;
  },
  "whom an address names": (text) => identifiersOfAddress(text, text),
  "an address to erase": identifierOf,
  "a text without the erased": (text) => scrubber.scrub({ text, texts: [text] }),
  "an event without the erased": (text) =>
    withoutErased({ event: "conversation_agent_session.ended", data: { from: text, text } }, erased),
  "words of a text": (text) => searchTerms([text]),
  "words looked for": wantedTerms,
  "an instant": parseInstant,
  "a DateTime": (text) => DateTimeScalar.parseValue(text),
  "an envelope": (text) =>
    parseEnvelope(Buffer.from(JSON.stringify({ event: text, created_at: text, request_id: text, data: {} }))),
  "what cannot be stored": (text) => findUnstorable({ [text]: `${text}\ud800` }),
  "a cell": safeCell,
  "a cursor": (text) => cursors.decode("sessions", text, "after"),
  "an id": storedId,
  "a hash": storedHash,
  "an API key": parseApiKey,
  "a host": isLoopback,
  "a digest": decodeDigest,
  "a timestamp": timestampToMs,
  "Whippy's signature": (text) => readWhippyClaim({ "x-whippy-signature": text }, Buffer.from("{}")),
  "a Standard Webhooks signature": (text) =>
    readStandardWebhooksClaim(
      { "webhook-id": text, "webhook-timestamp": text, "webhook-signature": text },
      Buffer.from("{}"),
    ),
};

/** All expressions of the source, except those of the simulation, which reads nothing of strangers. */
function expressionsOf(folder: string): [place: string, expression: RegExp][] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.includes("simulate"))
    .flatMap((name) => {
      const file = path.join(folder, name);
      const source = ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.ESNext);
      const found: [string, RegExp][] = [];
      const visit = (node: ts.Node) => {
        if (node.kind === ts.SyntaxKind.RegularExpressionLiteral) {
          const text = node.getText(source);
          const end = text.lastIndexOf("/");
          const { line } = source.getLineAndCharacterOfPosition(node.getStart(source));
          const expression = new RegExp(text.slice(1, end), text.slice(end + 1));
          found.push([`${name.replaceAll("\\", "/")}:${line + 1}`, expression]);
        }
        ts.forEachChild(node, visit);
      };
      visit(source);
      return found;
    });
}

describe("the time that a stranger's text takes grows as the text does", () => {
  it.each(Object.entries(readers))("for %s", (_name, read) => {
    expectLinear(read);
  });

  const expressions = expressionsOf(path.join(import.meta.dirname, "../src"));

  it("for all expressions of the source, of which there are many", () => {
    expect(expressions.length).toBeGreaterThan(40);
  });

  it.each(expressions)("for the expression in %s", (_place, expression) => {
    expectLinear((text) => text.replace(expression, ""));
  });
});
