import type { z } from "zod";
import type { FieldError } from "../errors.js";
import { isJsonObject } from "./json.js";
import { storableMembers } from "./storable.js";

/** What an object says by its schema. */
export interface ReadFields<Value> {
  /** Without the odd fields; undefined where it is no object, or a field that it must have is odd. */
  readonly value: Value | undefined;
  /** The fields that were left out and the rules they break; where there is no value, the reasons. */
  readonly notes: readonly FieldError[];
}

/**
 * Reads an object by its schema. A field that breaks a rule is left out as if it were absent, and noted; of a
 * JSON object that cannot be stored as a whole, only the members that cannot are left out.
 * @param path where the object stands, for the notes
 */
export function readFields<Schema extends z.ZodObject>(
  schema: Schema,
  received: unknown,
  path: readonly string[],
): ReadFields<z.output<Schema>> {
  const whole = schema.safeParse(received);
  if (whole.success) return { value: whole.data, notes: [] };
  if (!isJsonObject(received)) return { value: undefined, notes: fieldErrors(whole.error, path) };
  const kept = { ...received };
  for (const name of brokenFields(whole.error)) {
    const storable = storableMembers(kept[name]);
    if (storable === undefined) Reflect.deleteProperty(kept, name);
    else kept[name] = storable;
  }
  for (const name of brokenFields(schema.safeParse(kept).error)) Reflect.deleteProperty(kept, name);
  const rest = schema.safeParse(kept);
  if (rest.success) return { value: rest.data, notes: fieldErrors(whole.error, path) };
  const needed = brokenFields(rest.error);
  const issues = whole.error.issues.filter((issue) => needed.has(nameOf(issue)));
  return { value: undefined, notes: fieldErrors({ issues }, path) };
}

type Issue = z.core.$ZodIssue;

function brokenFields(error: z.ZodError | undefined): Set<string> {
  return new Set(error?.issues.map(nameOf));
}

function nameOf({ path }: Issue): string {
  return String(path[0]);
}

function fieldErrors(
  { issues }: { readonly issues: readonly Issue[] },
  path: readonly string[],
): FieldError[] {
  return issues.map((issue) => ({
    field: [...path, ...issue.path.map((key) => nameInPath(String(key)))].join("."),
    rule: issue.message,
  }));
}

/**
 * Unknown keys may themselves be personal data: only what looks like a field name or an index is repeated.
 */
function nameInPath(key: string): string {
  return /^[A-Za-z_][A-Za-z0-9_]{0,63}$|^\d{1,6}$/.test(key) ? key : "*";
}
