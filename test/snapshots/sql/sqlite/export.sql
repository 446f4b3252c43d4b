SELECT
  s.id AS `id`,
  s.organization_id AS `organizationId`,
  s.conversation_id AS `conversationId`,
  s.agent_id AS `agentId`,
  s.agent_version_id AS `agentVersionId`,
  s.lifecycle AS `status`,
  s.started_at AS `startedAt`,
  s.started_at_decimals AS `startedAtDecimals`,
  s.ended_at AS `endedAt`,
  s.ended_at_decimals AS `endedAtDecimals`,
  s.analyzed_at AS `analyzedAt`,
  s.ended_reason AS `endedReason`,
  s.chat_completion_rating AS `chatCompletionRating`,
  s.user_sentiment AS `userSentiment`,
  s.language AS `language`,
  s.translation_language AS `translationLanguage`,
  s.message_count AS `messageCount`,
  s.failed_message_count AS `failedMessageCount`,
  s.manual_message_count AS `manualMessageCount`,
  s.received_at AS `receivedAt`,
  s.changed_at AS `changedAt`,
  s.chat_summary AS `chatSummary`,
  s.chat_transcript AS `chatTranscript`,
  s.translated_chat_transcript AS `translatedChatTranscript`,
  s.custom_analysis_data AS `customAnalysisData`,
  s.revision_id AS `revisionId`
FROM
  sessions s
WHERE
  1 = 1
  AND (1 = 1)
  AND s.id > ?
ORDER BY
  s.id ASC
LIMIT
  201;

SELECT
  s.id AS `id`,
  s.organization_id AS `organizationId`,
  s.conversation_id AS `conversationId`,
  s.agent_id AS `agentId`,
  s.agent_version_id AS `agentVersionId`,
  s.lifecycle AS `status`,
  s.started_at AS `startedAt`,
  s.started_at_decimals AS `startedAtDecimals`,
  s.ended_at AS `endedAt`,
  s.ended_at_decimals AS `endedAtDecimals`,
  s.analyzed_at AS `analyzedAt`,
  s.ended_reason AS `endedReason`,
  s.chat_completion_rating AS `chatCompletionRating`,
  s.user_sentiment AS `userSentiment`,
  s.language AS `language`,
  s.translation_language AS `translationLanguage`,
  s.message_count AS `messageCount`,
  s.failed_message_count AS `failedMessageCount`,
  s.manual_message_count AS `manualMessageCount`,
  s.received_at AS `receivedAt`,
  s.changed_at AS `changedAt`,
  s.chat_summary AS `chatSummary`,
  s.chat_transcript AS `chatTranscript`,
  s.translated_chat_transcript AS `translatedChatTranscript`,
  s.custom_analysis_data AS `customAnalysisData`,
  s.revision_id AS `revisionId`
FROM
  sessions s
WHERE
  1 = 1
  AND (1 = 1)
ORDER BY
  s.id ASC
LIMIT
  3;
