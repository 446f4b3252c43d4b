import type { SessionFilter } from "conversation-agent-client";

/** The fields of the filter bar, each a parameter of the address. */
export const filterFields = [
  "agent",
  "status",
  "sentiment",
  "rating",
  "since",
  "until",
  "search",
  "question",
  "answer",
  "failed",
  "person",
] as const;
export type FilterField = (typeof filterFields)[number];

/** What the filter bar says: texts as they stand in the address. */
export type FilterValues = Readonly<Partial<Record<FilterField, string>>>;

/** What an address says of the filter. */
export function readFilter(parameters: URLSearchParams): FilterValues {
  return Object.fromEntries(
    filterFields.flatMap((field) => {
      const value = parameters.get(field) ?? "";
      return value === "" ? [] : [[field, value]];
    }),
  );
}

/** The address' parameters for what the filter bar says. */
export function writeFilter(values: FilterValues): URLSearchParams {
  const parameters = new URLSearchParams();
  for (const field of filterFields) {
    const value = values[field]?.trim();
    if (value !== undefined && value !== "") parameters.set(field, value);
  }
  return parameters;
}

const conditions: Readonly<Record<FilterField, (value: string, all: FilterValues) => SessionFilter>> = {
  agent: (value) => ({ agentVersion: { agentId: { eq: value } } }),
  status: (value) => ({ status: { eq: value } }),
  sentiment: (value) => ({ userSentiment: { eq: value } }),
  rating: (value) => ({ chatCompletionRating: { eq: value } }),
  since: (value) => ({ startedAt: { gte: toInstant(value) } }),
  until: (value) => ({ startedAt: { lt: toInstant(value) } }),
  search: (value) => ({ search: value }),
  question: (name, { answer }) => ({ answers: [{ name, ...answerCondition(answer) }] }),
  // An answer is asked of together with its question.
  answer: () => ({}),
  failed: () => ({ failedMessageCount: { gt: 0 } }),
  person: () => ({ manualMessageCount: { gt: 0 } }),
};

/** The schema's filter for what the filter bar says; undefined where that is nothing. */
export function toSessionFilter(values: FilterValues): SessionFilter | undefined {
  const all = filterFields.flatMap((field) => {
    const value = values[field];
    if (value === undefined || field === "answer") return [];
    return [conditions[field](value, values)];
  });
  return all.length === 0 ? undefined : { and: all };
}

/** A day, such as 2026-01-31, begins at midnight of the viewer's zone; anything else is an instant. */
function toInstant(value: string): string {
  const date = /^\d{4}-\d{2}-\d{2}$/.test(value) ? new Date(`${value}T00:00`) : new Date(value);
  return Number.isNaN(date.getTime()) ? value : date.toISOString();
}

function answerCondition(answer: string | undefined): SessionFilter {
  if (answer === undefined) return { answered: true };
  const text = answer.toLowerCase();
  if (["true", "yes"].includes(text)) return { boolean: { eq: true } };
  if (["false", "no"].includes(text)) return { boolean: { eq: false } };
  if (/^-?\d+(?:\.\d+)?$/.test(answer)) return { number: { eq: Number(answer) } };
  return { string: { eq: answer } };
}
