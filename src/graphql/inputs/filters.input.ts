import { Field, InputType } from "type-graphql";
import {
  BooleanComparator,
  DateTimeComparator,
  FloatComparator,
  IDComparator,
  IntComparator,
  SessionStatusComparator,
  StringComparator,
} from "./comparators.input.js";

const nullable = (description: string) => ({ nullable: true, description });
const and = nullable("All of these filters match.");
const or = nullable("At least one of these filters matches.");
const not = nullable("This filter does not match.");

@InputType({
  description:
    "Which sessions are meant. All conditions given must hold; an empty filter matches every session.",
})
export class SessionFilter {
  @Field(() => [SessionFilter], and)
  readonly and?: SessionFilter[] | null;

  @Field(() => [SessionFilter], or)
  readonly or?: SessionFilter[] | null;

  @Field(() => SessionFilter, not)
  readonly not?: SessionFilter | null;

  @Field(() => IDComparator, nullable("The session's id."))
  readonly id?: IDComparator | null;

  @Field(() => IDComparator, nullable("The conversation."))
  readonly conversationId?: IDComparator | null;

  @Field(() => IDComparator, nullable("The organization."))
  readonly organizationId?: IDComparator | null;

  @Field(() => SessionStatusComparator, nullable("How far it has come."))
  readonly status?: SessionStatusComparator | null;

  @Field(() => DateTimeComparator, nullable("When it started."))
  readonly startedAt?: DateTimeComparator | null;

  @Field(() => DateTimeComparator, nullable("When it ended."))
  readonly endedAt?: DateTimeComparator | null;

  @Field(() => DateTimeComparator, nullable("When its current analysis was received."))
  readonly analyzedAt?: DateTimeComparator | null;

  @Field(() => StringComparator, nullable("Why it ended."))
  readonly endedReason?: StringComparator | null;

  @Field(() => StringComparator, nullable("How far the chat got."))
  readonly chatCompletionRating?: StringComparator | null;

  @Field(() => StringComparator, nullable("The chat in a sentence or two."))
  readonly chatSummary?: StringComparator | null;

  @Field(() => StringComparator, nullable("The contact's mood."))
  readonly userSentiment?: StringComparator | null;

  @Field(() => StringComparator, nullable("The language that was spoken."))
  readonly language?: StringComparator | null;

  @Field(() => StringComparator, nullable("The language of the translated transcript."))
  readonly translationLanguage?: StringComparator | null;

  @Field(() => StringComparator, nullable("The whole chat as text."))
  readonly chatTranscript?: StringComparator | null;

  @Field(() => StringComparator, nullable("The whole chat, translated."))
  readonly translatedChatTranscript?: StringComparator | null;

  @Field(() => IntComparator, nullable("How many messages are known of it."))
  readonly messageCount?: IntComparator | null;

  @Field(() => IntComparator, nullable("How many of its messages did not arrive."))
  readonly failedMessageCount?: IntComparator | null;

  @Field(() => DateTimeComparator, nullable("When its first event was received."))
  readonly createdAt?: DateTimeComparator | null;

  @Field(() => DateTimeComparator, nullable("When the last event that changed it was received."))
  readonly updatedAt?: DateTimeComparator | null;

  @Field(() => AgentVersionFilter, nullable("Its agent version, as its newest event carried it."))
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
    nullable("The answers of its current analysis; all of these conditions must hold."),
  )
  readonly analysis?: AnalysisAnswerFilter[] | null;

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
    "Asks of the messages of a session. All conditions given must hold; one that is null is not given.",
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
    "Asks of the analyses received for a session. All conditions given must hold; one that is null is not given.",
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
    "Which analyses are meant. All conditions given must hold; an empty filter matches every analysis.",
})
export class AnalysisFilter {
  @Field(() => [AnalysisFilter], and)
  readonly and?: AnalysisFilter[] | null;

  @Field(() => [AnalysisFilter], or)
  readonly or?: AnalysisFilter[] | null;

  @Field(() => AnalysisFilter, not)
  readonly not?: AnalysisFilter | null;

  @Field(() => IDComparator, nullable("The analysis' id: the session's, and the hash of the analysis."))
  readonly id?: IDComparator | null;

  @Field(() => IDComparator, nullable("SHA-256 of the agent version's content whose questions it answers."))
  readonly revisionId?: IDComparator | null;

  @Field(() => StringComparator, nullable("How far the chat got."))
  readonly chatCompletionRating?: StringComparator | null;

  @Field(() => StringComparator, nullable("The chat in a sentence or two."))
  readonly chatSummary?: StringComparator | null;

  @Field(() => StringComparator, nullable("The contact's mood."))
  readonly userSentiment?: StringComparator | null;

  @Field(() => DateTimeComparator, nullable("The created_at of the newest event that carried it."))
  readonly createdAt?: DateTimeComparator | null;

  @Field(() => DateTimeComparator, nullable("When this service received that event."))
  readonly receivedAt?: DateTimeComparator | null;
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
    "Which messages are meant. All conditions given must hold; an empty filter matches every message.",
})
export class MessageFilter {
  @Field(() => [MessageFilter], and)
  readonly and?: MessageFilter[] | null;

  @Field(() => [MessageFilter], or)
  readonly or?: MessageFilter[] | null;

  @Field(() => MessageFilter, not)
  readonly not?: MessageFilter | null;

  @Field(() => IDComparator, nullable("The message's id."))
  readonly id?: IDComparator | null;

  @Field(() => IDComparator, nullable("The organization."))
  readonly organizationId?: IDComparator | null;

  @Field(() => IDComparator, nullable("The conversation."))
  readonly conversationId?: IDComparator | null;

  @Field(() => StringComparator, nullable("The text."))
  readonly body?: StringComparator | null;

  @Field(() => StringComparator, nullable("The translated text."))
  readonly translatedBody?: StringComparator | null;

  @Field(() => StringComparator, nullable("INBOUND, OUTBOUND …"))
  readonly direction?: StringComparator | null;

  @Field(() => StringComparator, nullable("The channel: sms, email …"))
  readonly type?: StringComparator | null;

  @Field(() => StringComparator, nullable("Who wrote it: ai or manual."))
  readonly mode?: StringComparator | null;

  @Field(() => StringComparator, nullable("How delivery went."))
  readonly deliveryStatus?: StringComparator | null;

  @Field(() => StringComparator, nullable("The sender."))
  readonly from?: StringComparator | null;

  @Field(() => StringComparator, nullable("The recipient."))
  readonly to?: StringComparator | null;

  @Field(() => StringComparator, nullable("The language of the text."))
  readonly language?: StringComparator | null;

  @Field(() => StringComparator, nullable("The language of the translated text."))
  readonly translationLanguage?: StringComparator | null;

  @Field(() => DateTimeComparator, nullable("When Whippy created it."))
  readonly createdAt?: DateTimeComparator | null;

  @Field(() => DateTimeComparator, nullable("When Whippy last changed it."))
  readonly updatedAt?: DateTimeComparator | null;

  @Field(() => IDComparator, nullable("The contact."))
  readonly contactId?: IDComparator | null;

  @Field(() => IDComparator, nullable("The channel's id."))
  readonly channelId?: IDComparator | null;

  @Field(() => IDComparator, nullable("The campaign."))
  readonly campaignId?: IDComparator | null;

  @Field(() => IDComparator, nullable("The contact's entry in the campaign."))
  readonly campaignContactId?: IDComparator | null;

  @Field(() => IDComparator, nullable("The sequence."))
  readonly sequenceId?: IDComparator | null;

  @Field(() => IDComparator, nullable("The step."))
  readonly stepId?: IDComparator | null;

  @Field(() => IDComparator, nullable("The contact's entry in the step."))
  readonly stepContactId?: IDComparator | null;

  @Field(() => IntComparator, nullable("The member of staff who wrote it."))
  readonly userId?: IntComparator | null;
}

@InputType({
  description:
    "Which agent versions are meant, by their current content; below a session's filter, by the content that the session carries. All conditions given must hold; an empty filter matches every version.",
})
export class AgentVersionFilter {
  @Field(() => [AgentVersionFilter], and)
  readonly and?: AgentVersionFilter[] | null;

  @Field(() => [AgentVersionFilter], or)
  readonly or?: AgentVersionFilter[] | null;

  @Field(() => AgentVersionFilter, not)
  readonly not?: AgentVersionFilter | null;

  @Field(() => IDComparator, nullable("The version's id."))
  readonly id?: IDComparator | null;

  @Field(() => IDComparator, nullable("The agent."))
  readonly agentId?: IDComparator | null;

  @Field(() => IDComparator, nullable("The organization."))
  readonly organizationId?: IDComparator | null;

  @Field(() => StringComparator, nullable("The agent's name."))
  readonly name?: StringComparator | null;

  @Field(() => StringComparator, nullable("What the agent is for."))
  readonly description?: StringComparator | null;

  @Field(() => IDComparator, nullable("The language model."))
  readonly llmId?: IDComparator | null;

  @Field(() => IntComparator, nullable("The member of staff who made it."))
  readonly createdById?: IntComparator | null;

  @Field(() => StringComparator, nullable("The agent's language setting."))
  readonly language?: StringComparator | null;

  @Field(() => StringComparator, nullable("The voice for calls."))
  readonly voiceId?: StringComparator | null;

  @Field(() => IDComparator, nullable("SHA-256 of the content."))
  readonly revisionId?: IDComparator | null;

  @Field(() => DateTimeComparator, nullable("When this service first received the content."))
  readonly receivedAt?: DateTimeComparator | null;
}
