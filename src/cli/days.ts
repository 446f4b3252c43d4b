import { InvalidArgumentError } from "commander";

/** Reads an option that counts days. */
export function days(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1 || count > 36_500)
    throw new InvalidArgumentError("must be a whole number of days.");
  return count;
}
