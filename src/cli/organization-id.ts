import { InvalidArgumentError } from "commander";

/** Reads an option that names an organization. */
export function organizationId(text: string): string {
  if (!/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text))
    throw new InvalidArgumentError("must be a UUID.");
  return text.toLowerCase();
}
