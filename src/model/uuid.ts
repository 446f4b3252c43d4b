/** The text of a UUID, of any version and variant, in lower case. */
export const uuidPattern = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}";

/** A text that is a UUID, in any letter case. */
export const uuidFormat = new RegExp(`^${uuidPattern}$`, "i");

export function isUuid(text: string): boolean {
  return uuidFormat.test(text);
}
