/** A question that an agent version asks the analysis, as its provider settings define it. */
export interface Question {
  readonly name: string;
  /** enum, string, boolean, number; an open list. */
  readonly type: string | null;
  readonly description: string | null;
  /** Only where the type is enum. */
  readonly choices: readonly string[] | null;
  readonly examples: readonly string[] | null;
}

/**
 * Reads `post_call_analysis_data` of an agent version's provider settings; entries without a name are none.
 */
export function readQuestions(providerSettings: string | null): Question[] {
  if (providerSettings === null) return [];
  const settings = JSON.parse(providerSettings) as { post_call_analysis_data?: unknown } | null;
  const entries = settings?.post_call_analysis_data;
  if (!Array.isArray(entries)) return [];
  return entries.flatMap((entry: unknown): Question[] => {
    if (typeof entry !== "object" || entry === null) return [];
    const { name, type, description, choices, examples } = entry as Record<string, unknown>;
    if (typeof name !== "string" || name.length > 1_000) return [];
    return [
      {
        name,
        type: typeof type === "string" && type.length <= 255 ? type : null,
        description: typeof description === "string" ? description : null,
        choices: texts(choices),
        examples: texts(examples),
      },
    ];
  });
}

function texts(value: unknown): string[] | null {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : null;
}
