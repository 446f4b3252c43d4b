import { Field, InputType } from "type-graphql";
import { Agent } from "../../model/agent.js";
import { AgentVersion } from "../../model/agent-version.js";
import { Analysis } from "../../model/analysis.js";
import { Message } from "../../model/message.js";
import { Session } from "../../model/session.js";
import { BooleanComparator, FloatComparator, IDComparator, StringComparator } from "./comparators.input.js";
import { comparisonsOf } from "./comparisons.input.js";

const nullable = (description: string) => ({ nullable: true, description });
const and = nullable("All of these filters match.");
const or = nullable("At least one of these filters matches.");
const not = nullable("This filter does not match.");

@InputType({
  description:
    "Which sessions are meant. All conditions given must hold; a whole filter that is empty matches every session.",
})
export class SessionFilter extends comparisonsOf(Session) {
  @Field(() => [SessionFilter], and)
  readonly and?: SessionFilter[] | null;

  @Field(() => [SessionFilter], or)
  readonly or?: SessionFilter[] | null;

  @Field(() => SessionFilter, not)
  readonly not?: SessionFilter | null;

  @Field(
    () => AgentVersionFilter,
    nullable(
      "The content of its agent version that its newest event carried: what agentVersionRevision serves, with the version's own id as id.",
    ),
  )
  readonly agentVersion?: AgentVersionFilter | null;

  @Field(() => SessionMessagesFilter, nullable("Its messages."))
  readonly messages?: SessionMessagesFilter | null;

  @Field(
    () => SessionAnalysisHistoryFilter,
    nullable("Every analysis received for it: those that were replaced, and the current one."),
  )
  readonly analysisHistory?: SessionAnalysisHistoryFilter | null;

  @Field(
    () => [AnalysisAnswerFilter],
    nullable(
      "Its answers, as customAnalysisData holds them: those of its current analysis. All of these conditions must hold.",
    ),
  )
  readonly answers?: AnalysisAnswerFilter[] | null;

  @Field(
    () => String,
    nullable(
      "Words, each of which must begin a word of its transcript, translated transcript, summary or messages. Case and accents do not count; 64 words at the most; in a script without spaces each two neighbouring characters count as one.",
    ),
  )
  readonly search?: string | null;
}

@InputType({
  description:
    "Asks of the messages of a session. All conditions given must hold; one at least is given, and none is null.",
})
export class SessionMessagesFilter {
  @Field(() => MessageFilter, nullable("At least one message matches."))
  readonly some?: MessageFilter | null;

  @Field(() => MessageFilter, nullable("No message fails to match; so also where there is none."))
  readonly every?: MessageFilter | null;

  @Field(() => MessageFilter, nullable("No message matches."))
  readonly none?: MessageFilter | null;
}

@InputType({
  description:
    "Asks of the analyses received for a session. All conditions given must hold; one at least is given, and none is null.",
})
export class SessionAnalysisHistoryFilter {
  @Field(() => AnalysisFilter, nullable("At least one analysis matches."))
  readonly some?: AnalysisFilter | null;

  @Field(() => AnalysisFilter, nullable("No analysis fails to match; so also where there is none."))
  readonly every?: AnalysisFilter | null;

  @Field(() => AnalysisFilter, nullable("No analysis matches."))
  readonly none?: AnalysisFilter | null;
}

@InputType({
  description:
    "Which analyses are meant. All conditions given must hold; a whole filter that is empty matches every analysis.",
})
export class AnalysisFilter extends comparisonsOf(Analysis) {
  @Field(() => [AnalysisFilter], and)
  readonly and?: AnalysisFilter[] | null;

  @Field(() => [AnalysisFilter], or)
  readonly or?: AnalysisFilter[] | null;

  @Field(() => AnalysisFilter, not)
  readonly not?: AnalysisFilter | null;

  @Field(() => IDComparator, nullable("The analysis' id: the session's, and the hash of the analysis."))
  readonly id?: IDComparator | null;
}

@InputType({
  description:
    "Asks of one answer of the current analysis. All conditions given must hold; what is missing, or is of another type, has no value.",
})
export class AnalysisAnswerFilter {
  @Field(() => String, { description: "The question's name, which is the answer's key." })
  readonly name!: string;

  @Field(() => Boolean, nullable("Whether there is an answer that is not null, of any type."))
  readonly answered?: boolean | null;

  @Field(
    () => StringComparator,
    nullable("The type of the question that it answers; none where no question has its name."),
  )
  readonly type?: StringComparator | null;

  @Field(() => StringComparator, nullable("The answer as a text."))
  readonly string?: StringComparator | null;

  @Field(() => FloatComparator, nullable("The answer as a number."))
  readonly number?: FloatComparator | null;

  @Field(() => BooleanComparator, nullable("The answer as true or false."))
  readonly boolean?: BooleanComparator | null;
}

@InputType({
  description:
    "Which messages are meant. All conditions given must hold; a whole filter that is empty matches every message.",
})
export class MessageFilter extends comparisonsOf(Message) {
  @Field(() => [MessageFilter], and)
  readonly and?: MessageFilter[] | null;

  @Field(() => [MessageFilter], or)
  readonly or?: MessageFilter[] | null;

  @Field(() => MessageFilter, not)
  readonly not?: MessageFilter | null;
}

@InputType({
  description:
    "Which agent versions are meant, by their newest content; below a session's filter, by the content that the session's newest event carried. All conditions given must hold; a whole filter that is empty matches every version.",
})
export class AgentVersionFilter extends comparisonsOf(AgentVersion) {
  @Field(() => [AgentVersionFilter], and)
  readonly and?: AgentVersionFilter[] | null;

  @Field(() => [AgentVersionFilter], or)
  readonly or?: AgentVersionFilter[] | null;

  @Field(() => AgentVersionFilter, not)
  readonly not?: AgentVersionFilter | null;
}

@InputType({
  description:
    "Which agents are meant, by their current name. All conditions given must hold; an empty filter matches every agent.",
})
export class AgentFilter extends comparisonsOf(Agent) {
  @Field(() => [AgentFilter], and)
  readonly and?: AgentFilter[] | null;

  @Field(() => [AgentFilter], or)
  readonly or?: AgentFilter[] | null;

  @Field(() => AgentFilter, not)
  readonly not?: AgentFilter | null;
}
