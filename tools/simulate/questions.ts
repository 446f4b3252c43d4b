import type { SeededRandom } from "./random.js";
import type { SimulatedAnswers, SimulatedQuestion } from "./payload.js";
import { HEARD_ABOUT } from "./vocabulary.js";

/** Names and choices are free text in Whippy: accents, spaces and punctuation are all to be expected. */
const OPTIONAL_QUESTIONS: readonly SimulatedQuestion[] = [
  {
    choices: ["1st shift (6 am – 2 pm)", "2nd shift", "3rd shift / nights", "No preference"],
    description: "Only if the candidate names a shift",
    name: "Preferred shift?",
    type: "enum",
  },
  {
    choices: ["Sí", "No", "No sabe"],
    description: "",
    name: "¿Tiene_transporte_propio?",
    type: "enum",
  },
  {
    description: "The job title in the candidate's own words",
    examples: ["forklift operator", "line cook"],
    name: "Desired_position",
    type: "string",
  },
  {
    description: "True if the candidate asked to stop all messages",
    name: "Opted_out",
    type: "boolean",
  },
  { description: "US dollars an hour", name: "Desired_hourly_pay", type: "number" },
  { description: "", name: "Years of experience", type: "number" },
];

/** The name of the question that agencies rename most: it holds the name of the agency. */
export const heardAboutName = (agency: string): string =>
  `How_did_the_candidate_hear_about_${agency.replaceAll(/\W+/g, "_")}`;

/** The four documented questions, one of each type, and up to two more. */
export function questionsFor(random: SeededRandom, agency: string): SimulatedQuestion[] {
  const extra = random.int(0, 2);
  const from = random.int(0, OPTIONAL_QUESTIONS.length - 1);
  return [
    {
      choices: ["Phone call", "SMS", "Email"],
      description: "",
      name: "Preferred_contact_method",
      type: "enum",
    },
    { description: "", examples: [], name: heardAboutName(agency), type: "string" },
    { description: "Is the person currently working", name: "Currently_working", type: "boolean" },
    { description: "", name: "How_comfortable_using_a_computer", type: "number" },
    ...[...OPTIONAL_QUESTIONS, ...OPTIONAL_QUESTIONS].slice(from, from + extra),
  ];
}

/**
 * Answers as a language model gives them: `false`, `0` and `""` are answers, conditional ones are missing,
 * some are null, and now and then a number comes as text.
 */
export function answersTo(random: SeededRandom, questions: readonly SimulatedQuestion[]): SimulatedAnswers {
  const answers: SimulatedAnswers = {};
  for (const question of questions) {
    const fate = random.float();
    if (fate < 0.12) continue;
    answers[question.name] = fate < 0.15 ? null : answerTo(random, question);
  }
  return answers;
}

function answerTo(random: SeededRandom, question: SimulatedQuestion): string | number | boolean {
  switch (question.type) {
    case "enum":
      return random.pick(question.choices);
    case "string":
      return random.pick(question.examples.length > 0 ? question.examples : HEARD_ABOUT);
    case "boolean":
      return random.chance(0.5);
    case "number": {
      const number = random.int(0, 20) / 2;
      return random.chance(0.03) ? number.toString() : number;
    }
  }
}
