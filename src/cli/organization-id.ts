import { InvalidArgumentError } from "commander";
import { isUuid } from "../model/uuid.js";

/** Reads an option that names an organization. */
export function organizationId(text: string): string {
  if (!isUuid(text)) throw new InvalidArgumentError("must be a UUID.");
  return text.toLowerCase();
}
