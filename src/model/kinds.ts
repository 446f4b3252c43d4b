import type { GraphQLScalarType } from "graphql";
import { Float, ID, Int } from "type-graphql";
import { fromDatetime, toDatetime } from "./instant.js";
import { unpack } from "./packed.js";
import { DateTimeScalar, JsonScalar } from "./scalars.js";
import { isUuid } from "./uuid.js";

/** The type of a column, apart from any SQL dialect: see store/sql/dialect.ts. */
export type ColumnType =
  | {
      readonly type:
        | "uuid"
        | "hash"
        | "longText"
        | "packedText"
        | "longAscii"
        | "bytes"
        | "integer"
        | "bigint"
        | "double"
        | "instant";
    }
  | { readonly type: "ascii" | "text"; readonly length: number };

/** Which comparator of the filters compares values of a kind. */
export type ComparatorName =
  | "ID"
  | "String"
  | "DateTime"
  | "Int"
  | "Float"
  | "Boolean"
  | "SessionStatus"
  | "WebhookEventStatus"
  | "ExpectationKind";

/** What a database driver takes and gives. */
export type StoredValue = string | number | boolean | null | Buffer;

/** A kind of value: how it is stored, served, compared, and read from a payload. */
export interface Kind {
  readonly column: ColumnType;
  /** The GraphQL type of one value. */
  readonly type: GraphQLScalarType | typeof String | typeof Boolean | object;
  /** Absent for what no filter compares: JSON and bytes. */
  readonly comparator?: ComparatorName;
  /** Texts compare by code points; MySQL ignores trailing spaces unless told otherwise. */
  readonly isText?: true;
  /** A server has its bytes packed (model/packed.ts); a file, and every row that is written, the text. */
  readonly isPacked?: true;
  /** The stored form of a filter's value, where it differs from GraphQL's. */
  readonly toStored?: (value: never) => StoredValue;
  /** The served form of a stored value that is not null, where it differs. */
  readonly toServed?: (stored: never, decimals: number | null | undefined) => unknown;
  /** The stored form of a payload's value that is not null, where it differs. */
  readonly fromPayload?: (value: never) => StoredValue;
  /** Whether a second column keeps how many decimals the value was received with. */
  readonly keepsDecimals?: true;
}

/** A UUID, stored in lower case. */
export const uuid: Kind = {
  column: { type: "uuid" },
  type: ID,
  comparator: "ID",
  toStored: storedId,
  fromPayload: (value: string) => value.toLowerCase(),
};

/** SHA-256 in lower-case hexadecimal. */
export const hash: Kind = { column: { type: "hash" }, type: ID, comparator: "ID", toStored: storedHash };

/** A short text, at most `length` characters; also an open list of codes. */
export const text = (length: number): Kind => ({
  column: { type: "text", length },
  type: String,
  comparator: "String",
  isText: true,
});

/** A text of any length. */
export const longText: Kind = {
  column: { type: "longText" },
  type: String,
  comparator: "String",
  isText: true,
};

/** A text of any length that says again what is stored elsewhere: servers keep it packed. */
export const packedText: Kind = {
  ...longText,
  column: { type: "packedText" },
  isPacked: true,
  toServed: (stored: string | Buffer) => unpackedText(stored),
};

/** A code of our own, of ASCII characters. */
export const ascii = (length: number): Kind => ({
  column: { type: "ascii", length },
  type: String,
  comparator: "String",
  isText: true,
});

/** ASCII of any length, for our own use. */
export const longAscii: Kind = { column: { type: "longAscii" }, type: String };

/** A whole number of 32 bits. */
export const integer: Kind = { column: { type: "integer" }, type: Int, comparator: "Int" };

/** A whole number of 64 bits, as text. */
export const bigint: Kind = { column: { type: "bigint" }, type: String };

/**
 * A number that grows with the time at which a row is first stored: rows that come together stand together on
 * disk, where Whippy's ids would scatter them. Made by store/writers/cluster-key.ts, told to nobody.
 */
export const clusterKey: Kind = { column: { type: "bigint" }, type: Float };

/** An id of Whippy's that is an integer: exact as far as JSON's numbers are, and served as text. */
export const integerId: Kind = {
  column: { type: "bigint" },
  type: ID,
  comparator: "ID",
  toStored: storedIntegerId,
  toServed: (stored: number) => String(stored),
};

export const double: Kind = { column: { type: "double" }, type: Float, comparator: "Float" };

/** True or false, stored as 1 or 0. */
export const truth: Kind = {
  column: { type: "integer" },
  type: Boolean,
  comparator: "Boolean",
  toStored: (value: boolean) => Number(value),
  toServed: (stored: number) => stored === 1,
};

/** An instant by Whippy's clock, served with as many decimals as it was received with. */
export const instant: Kind = {
  column: { type: "instant" },
  type: DateTimeScalar,
  comparator: "DateTime",
  toStored: (value: string) => toDatetime(value),
  toServed: (stored: string, decimals) => fromDatetime(stored, decimals ?? 6),
  keepsDecimals: true,
};

/** An instant by our own clock, in milliseconds. */
export const receipt: Kind = {
  column: { type: "instant" },
  type: DateTimeScalar,
  comparator: "DateTime",
  toStored: (value: string) => toDatetime(value),
  toServed: (stored: string) => fromDatetime(stored, 3),
};

/** Any JSON value, stored as text, so that the order of its keys survives. */
export const json: Kind = {
  column: { type: "longText" },
  type: JsonScalar,
  toServed: (stored: string) => JSON.parse(stored) as unknown,
  fromPayload: (value: unknown) => JSON.stringify(value),
};

export const bytes: Kind = { column: { type: "bytes" }, type: JsonScalar };

/** One of a closed list of our own: the enum's values are what the column holds. */
export const code = (type: object, comparator: ComparatorName, length: number): Kind => ({
  column: { type: "ascii", length },
  type,
  comparator,
});

/**
 * One of a closed list of our own, stored as its place in the list, from 1: so it sorts in the list's order.
 */
export const ranked = (type: object, comparator: ComparatorName, values: readonly string[]): Kind => ({
  column: { type: "integer" },
  type,
  comparator,
  toStored: (value: string) => values.indexOf(value) + 1,
  toServed: (stored: number) => values[stored - 1],
});

/** The text that a row holds, packed or not. */
export function unpackedText(stored: string | Buffer): string {
  return typeof stored === "string" ? stored : unpack(stored).toString();
}

/** Ids are stored in lower case; what is no UUID equals none of them (and must not meet an ASCII column). */
export function storedId(value: string): string {
  return isUuid(value) ? value.toLowerCase() : "";
}

/**
 * The same of integers: what JSON's numbers do not hold exactly is never stored, so it equals none of them.
 */
function storedIntegerId(value: string): number {
  const isExact = /^(?:0|-?[1-9]\d{0,15})$/.test(value) && Number.isSafeInteger(Number(value));
  return isExact ? Number(value) : -(2 ** 53);
}

/** The same of hashes: SHA-256 in hexadecimal. */
export function storedHash(value: string): string {
  return /^[0-9a-f]{64}$/i.test(value) ? value.toLowerCase() : "";
}
