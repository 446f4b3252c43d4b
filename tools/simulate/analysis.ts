import { fillIn, type Conversation } from "./conversation.js";
import type { SimulatedAgentVersion, SimulatedSessionData } from "./payload.js";
import { answersTo } from "./questions.js";
import type { SeededRandom } from "./random.js";
import { SUMMARIES } from "./vocabulary.js";

export type Analysis = Pick<
  SimulatedSessionData,
  "chat_completion_rating" | "chat_summary" | "user_sentiment" | "custom_analysis_data"
>;

/** What the events before the analysis carry in its place. */
export const NO_ANALYSIS: Analysis = {
  chat_completion_rating: null,
  chat_summary: null,
  user_sentiment: null,
  custom_analysis_data: null,
};

/** What the language model made of a session, differently at each call. */
export function analyze(
  random: SeededRandom,
  conversation: Conversation,
  version: SimulatedAgentVersion,
): Analysis {
  return {
    chat_completion_rating: random.weighted([
      ["complete", 50],
      ["partial", 20],
      ["incomplete", 30],
    ]),
    chat_summary: fillIn(random.pick(SUMMARIES), conversation, "en"),
    user_sentiment: random.weighted([
      ["neutral", 45],
      ["positive", 32],
      ["negative", 12],
      ["unknown", 7],
      // Not in the documentation: the lists of values are open.
      ["mixed", 2],
      [null, 2],
    ]),
    custom_analysis_data: giveAnswers(random, version),
  };
}

/** Null, `{}` and absent all occur, and differ. */
function giveAnswers(random: SeededRandom, version: SimulatedAgentVersion): Analysis["custom_analysis_data"] {
  const answers = answersTo(random, version.provider_settings.post_call_analysis_data);
  return random.weighted<Analysis["custom_analysis_data"]>([
    [answers, 94],
    [{}, 2],
    [null, 2],
    [undefined, 2],
  ]);
}
