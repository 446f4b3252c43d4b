import { buildSchema, findBreakingChanges } from "graphql";

/**
 * What clients of a released schema would notice of the present one, but for what the changelog names.
 * @param changelog its part for the next release: a change counts as named where it holds the type or field
 * in code quotes, such as `Session.status`
 * @returns a sentence for each change that it does not name
 */
export function unnamedBreakingChanges(released: string, present: string, changelog: string): string[] {
  const named = new Set(Array.from(changelog.matchAll(/`([A-Za-z][\w.]*)`/g), ([, name]) => name));
  return findBreakingChanges(buildSchema(released), buildSchema(present))
    .map(({ description }) => description)
    .filter((description) => !subjectsOf(description).some((subject) => named.has(subject)));
}

/** The field that a change is of; else the types and values. */
function subjectsOf(description: string): string[] {
  const names = description.match(/\b[A-Z]\w*(?:\.\w+)?/g) ?? [];
  const fields = names.filter((name) => name.includes("."));
  return fields.length > 0 ? fields : names;
}

/** The part of CHANGELOG.md that speaks of the next release. */
export function unreleasedPart(changelog: string): string {
  const [, part = ""] = /^## Unreleased$(.*?)(?=^## )/ms.exec(`${changelog}\n## `) ?? [];
  return part;
}
