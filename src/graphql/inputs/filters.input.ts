import { Field, InputType } from "type-graphql";
import { Agent } from "../../model/agent.js";
import { AgentVersion } from "../../model/agent-version.js";
import { Analysis } from "../../model/analysis.js";
import { Message } from "../../model/message.js";
import { Session } from "../../model/session.js";
import { BooleanComparator, FloatComparator, IDComparator, StringComparator } from "./comparators.input.js";
import { comparisonsOf } from "./comparisons.input.js";

const nullable = (description: string) => ({ nullable: true, description });
const and = nullable("All of these filters must match.");
const or = nullable("At least one of these filters must match.");
const not = nullable("This filter must not match.");

@InputType({
  description:
    "Filters sessions. All given conditions must hold. An empty whole filter matches every session.",
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
      "The content of its agent version that its newest event carried, which agentVersionRevision " +
        "serves. Here `id` is the id of the version.",
    ),
  )
  readonly agentVersion?: AgentVersionFilter | null;

  @Field(() => SessionMessagesFilter, nullable("Its messages."))
  readonly messages?: SessionMessagesFilter | null;

  @Field(
    () => SessionAnalysisHistoryFilter,
    nullable("Its analyses: the current one, and those that it replaced."),
  )
  readonly analysisHistory?: SessionAnalysisHistoryFilter | null;

  @Field(
    () => [AnalysisAnswerFilter],
    nullable("Answers in the session's customAnalysisData. All of these conditions must hold."),
  )
  readonly answers?: AnalysisAnswerFilter[] | null;

  @Field(
    () => String,
    nullable(
      "Words: each must begin a word of the transcript, translated transcript, summary or messages. " +
        "Case and accents do not count. At most 64 words; in a script without spaces, each two " +
        "neighbouring characters count as one.",
    ),
  )
  readonly search?: string | null;
}

@InputType({
  description:
    "Filters sessions by their messages. Give at least one condition. All given conditions must hold, " +
    "and none may be null.",
})
export class SessionMessagesFilter {
  @Field(() => MessageFilter, nullable("At least one message matches."))
  readonly some?: MessageFilter | null;

  @Field(() => MessageFilter, nullable("All messages match. Also true of a session without any."))
  readonly every?: MessageFilter | null;

  @Field(() => MessageFilter, nullable("No message matches. Also true of a session without any."))
  readonly none?: MessageFilter | null;
}

@InputType({
  description:
    "Filters sessions by their analyses, current and earlier ones. Give at least one condition. All " +
    "given conditions must hold, and none may be null.",
})
export class SessionAnalysisHistoryFilter {
  @Field(() => AnalysisFilter, nullable("At least one analysis matches."))
  readonly some?: AnalysisFilter | null;

  @Field(() => AnalysisFilter, nullable("All analyses match. Also true of a session without any."))
  readonly every?: AnalysisFilter | null;

  @Field(() => AnalysisFilter, nullable("No analysis matches. Also true of a session without any."))
  readonly none?: AnalysisFilter | null;
}

@InputType({
  description: "Filters analyses. All given conditions must hold.",
})
export class AnalysisFilter extends comparisonsOf(Analysis) {
  @Field(() => [AnalysisFilter], and)
  readonly and?: AnalysisFilter[] | null;

  @Field(() => [AnalysisFilter], or)
  readonly or?: AnalysisFilter[] | null;

  @Field(() => AnalysisFilter, not)
  readonly not?: AnalysisFilter | null;

  @Field(() => IDComparator, nullable('The id of the analysis: "<session id>:<hash of the content>".'))
  readonly id?: IDComparator | null;
}

@InputType({
  description:
    "Filters by one answer in the session's customAnalysisData: the last answers received, even if a " +
    "later analysis had none. All given conditions must hold. An answer that is missing, or of another " +
    "type, counts as no value.",
})
export class AnalysisAnswerFilter {
  @Field(() => String, {
    description: "The question's name, which is the key of the answer. At most 255 characters.",
  })
  readonly name!: string;

  @Field(() => Boolean, nullable("true: there is an answer that is not null. false: there is none."))
  readonly answered?: boolean | null;

  @Field(
    () => StringComparator,
    nullable("Compares the question's type. No value where no question has this name."),
  )
  readonly type?: StringComparator | null;

  @Field(() => StringComparator, nullable("Compares the answer if it is a text."))
  readonly string?: StringComparator | null;

  @Field(() => FloatComparator, nullable("Compares the answer if it is a number."))
  readonly number?: FloatComparator | null;

  @Field(() => BooleanComparator, nullable("Compares the answer if it is true or false."))
  readonly boolean?: BooleanComparator | null;
}

@InputType({
  description:
    "Filters messages. All given conditions must hold. An empty whole filter matches every message.",
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
    "Filters agent versions, by their current content. Inside a SessionFilter: by the content that the " +
    "session's newest event carried. All given conditions must hold. An empty whole filter matches " +
    "every version.",
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
    "Filters agents, by their current name. All given conditions must hold. An empty whole filter " +
    "matches every agent.",
})
export class AgentFilter extends comparisonsOf(Agent) {
  @Field(() => [AgentFilter], and)
  readonly and?: AgentFilter[] | null;

  @Field(() => [AgentFilter], or)
  readonly or?: AgentFilter[] | null;

  @Field(() => AgentFilter, not)
  readonly not?: AgentFilter | null;
}
