import { hash } from "node:crypto";
import { z } from "zod";
import { BadInputError } from "../../errors.js";
import type { RawEvent } from "../../model/webhook-event.js";
import type { Delivery } from "../../store/event-log.js";
import { type Receipt, receiptOf } from "../../store/receipt.js";

/**
 * What an exported line says of its event before the event's own members, so that an import keeps it: a line
 * is the envelope as it came, with `_receipt` as its first member.
 */
const schema = z.object({
  /** A UUIDv7: the place in the order of receipt, and its instant. */
  id: z.uuidv7(),
  signatureScheme: z.string().max(32).optional(),
  signatureKeyIndex: z.int().min(0).optional(),
  /** Where an erasure has changed the body: the hash of what came, by which it is known again. */
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional(),
  /** The bytes in Base64, where they do not fit in a line as they are. */
  body: z.base64().optional(),
});

/** No text in it holds a brace. */
const prefix = /^\{"_receipt":(\{[^{}]*\}),/;
const longestPrefix = 500;
/** Base64 is a third longer than what it stands for, and the envelope follows. */
const timesLonger = 3;

/** How long a line may be that stands for a body of at most so many bytes. */
export const longestLine = (longestBody: number) => longestPrefix + timesLonger * longestBody;

/** A line of an export, with its line break. */
export function receiptLine({ id, body, bodySha256, signatureScheme, signatureKeyIndex }: RawEvent): Buffer {
  // Within JSON line breaks are but white space, as is what stands before its brace.
  const isOneLine = body[0] === openingBrace && !body.some(isLineBreak);
  const compact = isOneLine ? body : Buffer.from(body.map((byte) => (isLineBreak(byte) ? space : byte)));
  const receipt: z.input<typeof schema> = {
    id,
    ...(signatureScheme !== null && { signatureScheme, signatureKeyIndex: signatureKeyIndex ?? 0 }),
    ...(hash("sha256", body) !== bodySha256 && { sha256: bodySha256 }),
    ...(!isOneLine && { body: body.toString("base64") }),
  };
  const members = compact.subarray(compact.indexOf(openingBrace) + 1);
  return Buffer.concat([Buffer.from(`{"_receipt":${JSON.stringify(receipt)},`), members, lineBreak]);
}

/** What a line to import stands for. */
export interface ImportedLine extends Pick<Delivery, "body" | "signature"> {
  readonly bodySha256: string;
  /** Undefined where the line is an envelope alone. */
  readonly receipt: Receipt | undefined;
}

/**
 * Reads a line of an export, or an envelope as it came.
 * @throws BadInputError where it is neither
 */
export function readReceiptLine(line: Buffer): ImportedLine {
  if (!line.subarray(0, begins.length).equals(begins))
    return { body: line, bodySha256: hash("sha256", line), receipt: undefined, signature: null };
  const { receipt, length } = readPrefix(line);
  const body =
    receipt.body === undefined
      ? Buffer.concat([Buffer.from("{"), line.subarray(length)])
      : Buffer.from(receipt.body, "base64");
  const { signatureScheme: scheme, signatureKeyIndex: keyIndex = 0 } = receipt;
  return {
    body,
    bodySha256: receipt.sha256 ?? hash("sha256", body),
    receipt: receiptOf(receipt.id),
    signature: scheme === undefined ? null : { scheme, keyIndex },
  };
}

function readPrefix(line: Buffer): { readonly receipt: z.output<typeof schema>; readonly length: number } {
  const end = line.indexOf("},", begins.length) + 2;
  const [whole = "", text = "null"] = prefix.exec(line.toString("latin1", 0, end)) ?? [];
  const { data } = schema.safeParse(parseJson(text));
  if (data !== undefined) return { receipt: data, length: whole.length };
  const rule = "must be as events export writes it";
  throw new BadInputError("The line has no receipt.", [{ field: "_receipt", rule }]);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const begins = Buffer.from('{"_receipt":');
const lineBreak = Buffer.from("\n");
const openingBrace = 0x7b;
const space = 0x20;
const isLineBreak = (byte: number) => byte === 0x0a || byte === 0x0d;
