import type { Question } from "../events/questions.js";
import type { AnalysisAnswer } from "./types/analysis.type.js";

/** Joins an agent version's questions with a session's answers, by name, and drops neither a question nor an answer. */
export function joinAnswers(questions: readonly Question[], customAnalysisData: unknown): AnalysisAnswer[] {
  const answers = new Map<string, unknown>(
    isObject(customAnalysisData) ? Object.entries(customAnalysisData) : [],
  );
  const asked = questions.map((question) => toAnswer(question.name, question, answers.get(question.name)));
  const names = new Set(questions.map(({ name }) => name));
  const unasked = Array.from(answers).filter(([name]) => !names.has(name));
  return [...asked, ...unasked.map(([name, value]) => toAnswer(name, undefined, value))];
}

function toAnswer(name: string, question: Question | undefined, value: unknown): AnalysisAnswer {
  return {
    name,
    type: question?.type ?? null,
    description: question?.description ?? null,
    choices: question?.choices ?? null,
    answered: value !== undefined && value !== null,
    defined: question !== undefined,
    conforms: conforms(question, value),
    value: value ?? null,
    stringValue: typeof value === "string" ? value : null,
    numberValue: typeof value === "number" ? value : null,
    booleanValue: typeof value === "boolean" ? value : null,
  };
}

function conforms(question: Question | undefined, value: unknown): boolean | null {
  if (question === undefined || value === undefined || value === null) return null;
  switch (question.type ?? "") {
    case "enum":
      return typeof value === "string" && (question.choices?.includes(value) ?? true);
    case "string":
    case "boolean":
    case "number":
      return typeof value === question.type;
    default:
      return null;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
