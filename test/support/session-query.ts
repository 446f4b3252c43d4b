/** Every field of a session and of what hangs on it, as a client would ask for it. */
export const wholeSession = /* GraphQL */ `
  query WholeSession($id: ID!) {
    session(id: $id) {
      id
      conversationId
      organizationId
      status
      startedAt
      endedAt
      endedReason
      chatCompletionRating
      chatSummary
      userSentiment
      language
      translationLanguage
      chatTranscript
      translatedChatTranscript
      customAnalysisData
      messageCount
      agentVersion {
        id
        agentId
        organizationId
        name
        description
        llmId
        createdById
        language
        voiceId
        revisionId
        receivedAt
        changedAt
        providerSettings
        questions {
          name
          type
          description
          choices
          examples
        }
      }
      agentVersionRevision {
        id
        agentId
        organizationId
        name
        description
        llmId
        createdById
        language
        voiceId
        receivedAt
        providerSettings
        questions {
          name
          type
          description
          choices
          examples
        }
      }
      analysis {
        ...WholeAnalysis
      }
      analysisHistory {
        ...WholeAnalysis
      }
      messages(first: 200) {
        totalCount
        nodes {
          id
          body
          translatedBody
          direction
          type
          mode
          deliveryStatus
          from
          to
          language
          translationLanguage
          createdAt
          updatedAt
          organizationId
          conversationId
          contactId
          channelId
          campaignId
          campaignContactId
          sequenceId
          stepId
          stepContactId
          userId
          attachments
          metadata
        }
      }
    }
  }
  fragment WholeAnalysis on Analysis {
    id
    revisionId
    agentVersionRevision {
      id
    }
    chatCompletionRating
    chatSummary
    userSentiment
    customAnalysisData
    eventCreatedAt
    receivedAt
    answers {
      name
      type
      description
      choices
      answered
      defined
      conforms
      value
      stringValue
      numberValue
      booleanValue
    }
  }
`;

export interface WholeAnalysis extends Readonly<Record<string, unknown>> {
  readonly answers: readonly Readonly<Record<string, unknown>>[];
}

/** The answer to {@link wholeSession}, read loosely: tests say what they expect. */
export interface WholeSession {
  readonly session: Readonly<Record<string, unknown>> & {
    readonly status: string;
    readonly agentVersion: Readonly<Record<string, unknown>>;
    readonly agentVersionRevision: Readonly<Record<string, unknown>>;
    readonly analysis: WholeAnalysis | null;
    readonly analysisHistory: readonly WholeAnalysis[];
    readonly messages: {
      readonly totalCount: number;
      readonly nodes: readonly Readonly<Record<string, unknown>>[];
    };
  };
}
