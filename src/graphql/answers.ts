import type { Question } from "../events/questions.js";
import { type AnalysisAnswer } from "./types/answer.type.js";

/**
 * Joins an agent version's questions with a session's answers, by name, and drops neither a question nor an
 * answer.
 * @param withheld names of answers that were given, and whose value the reader may not see
 */
export function joinAnswers(
  questions: readonly Question[],
  customAnalysisData: unknown,
  withheld: ReadonlySet<string> = new Set(),
): AnalysisAnswer[] {
  const answers = new Map<string, unknown>(
    isObject(customAnalysisData) ? Object.entries(customAnalysisData) : [],
  );
  const answerTo = (name: string, question: Question | undefined) =>
    toAnswer(name, question, answers.get(name), withheld.has(name));
  const asked = questions.map((question) => answerTo(question.name, question));
  const names = new Set(questions.map(({ name }) => name));
  const unasked = Array.from(answers.keys()).filter((name) => !names.has(name));
  return [...asked, ...unasked.map((name) => answerTo(name, undefined))];
}

function toAnswer(
  name: string,
  question: Question | undefined,
  value: unknown,
  isWithheld: boolean,
): AnalysisAnswer {
  return {
    name,
    type: question?.type ?? null,
    description: question?.description ?? null,
    choices: question?.choices ?? null,
    answered: isWithheld || (value !== undefined && value !== null),
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
