INSERT INTO
  webhook_events (
    id,
    request_id,
    event_type,
    api_version,
    status,
    received_at,
    event_created_at,
    event_created_at_decimals,
    organization_id,
    session_id,
    size_bytes,
    body_sha256,
    body
  )
VALUES
  (?);

INSERT INTO
  agent_versions (organization_id, id, received_at)
VALUES
  (?)
ON DUPLICATE KEY UPDATE
  organization_id = organization_id;

INSERT INTO
  agent_version_revisions (
    agent_id,
    name,
    description,
    llm_id,
    created_by_id,
    language,
    voice_id,
    provider_settings,
    id,
    agent_version_id,
    organization_id,
    received_at
  )
VALUES
  (?)
ON DUPLICATE KEY UPDATE
  id = id;

INSERT INTO
  service_settings (name, value)
VALUES
  (?)
ON DUPLICATE KEY UPDATE
  value = VALUES(value);

SELECT
  s.id AS `id`,
  s.organization_id AS `organizationId`,
  s.conversation_id AS `conversationId`,
  s.agent_id AS `agentId`,
  s.agent_version_id AS `agentVersionId`,
  s.revision_id AS `revisionId`,
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
  s.cluster_key AS `clusterKey`,
  s.look_at AS `lookAt`,
  s.kinds_seen AS `kindsSeen`,
  s.source AS `source`,
  s.revision_source AS `revisionSource`,
  s.older AS `older`
FROM
  sessions s
WHERE
  s.id IN (?)
ORDER BY
  s.id FOR
UPDATE;

SELECT
  s.id AS sessionId,
  j.session_key AS `sessionKey`,
  j.message_key AS `messageKey`,
  j.position AS `position`
FROM
  sessions s
  JOIN session_messages j ON j.session_key = s.cluster_key
WHERE
  s.id IN (?);

SELECT
  m.id AS `id`,
  m.body AS `body`,
  m.translated_body AS `translatedBody`,
  m.direction AS `direction`,
  m.type AS `type`,
  m.mode AS `mode`,
  m.delivery_status AS `deliveryStatus`,
  m.from_address AS `from`,
  m.to_address AS `to`,
  m.language AS `language`,
  m.translation_language AS `translationLanguage`,
  m.created_at AS `createdAt`,
  m.created_at_decimals AS `createdAtDecimals`,
  m.updated_at AS `updatedAt`,
  m.updated_at_decimals AS `updatedAtDecimals`,
  m.received_at AS `receivedAt`,
  m.changed_at AS `changedAt`,
  m.organization_id AS `organizationId`,
  m.conversation_id AS `conversationId`,
  m.contact_id AS `contactId`,
  m.channel_id AS `channelId`,
  m.campaign_id AS `campaignId`,
  m.campaign_contact_id AS `campaignContactId`,
  m.sequence_id AS `sequenceId`,
  m.step_id AS `stepId`,
  m.step_contact_id AS `stepContactId`,
  m.user_id AS `userId`,
  m.attachments AS `attachments`,
  m.metadata AS `metadata`,
  m.cluster_key AS `clusterKey`,
  m.source AS `source`,
  m.older AS `older`
FROM
  messages m
WHERE
  m.id IN (?)
ORDER BY
  m.id FOR
UPDATE;

INSERT INTO
  messages (
    id,
    body,
    direction,
    type,
    mode,
    delivery_status,
    from_address,
    to_address,
    created_at,
    created_at_decimals,
    updated_at,
    updated_at_decimals,
    received_at,
    changed_at,
    organization_id,
    conversation_id,
    contact_id,
    channel_id,
    attachments,
    metadata,
    cluster_key,
    source
  )
VALUES
  (?);

INSERT INTO
  session_messages (session_key, message_key, position)
VALUES
  (?);

INSERT INTO
  sessions (
    id,
    organization_id,
    conversation_id,
    agent_id,
    agent_version_id,
    revision_id,
    lifecycle,
    started_at,
    started_at_decimals,
    ended_at,
    ended_at_decimals,
    analyzed_at,
    ended_reason,
    chat_completion_rating,
    user_sentiment,
    language,
    translation_language,
    message_count,
    failed_message_count,
    manual_message_count,
    received_at,
    changed_at,
    chat_summary,
    chat_transcript,
    translated_chat_transcript,
    custom_analysis_data,
    cluster_key,
    kinds_seen,
    source,
    revision_source
  )
VALUES
  (?);

INSERT INTO
  analyses (
    session_id,
    content_sha256,
    organization_id,
    revision_id,
    chat_completion_rating,
    chat_summary,
    user_sentiment,
    custom_analysis_data,
    event_id,
    event_created_at,
    event_created_at_decimals,
    received_at,
    source
  )
VALUES
  (?);

INSERT INTO
  session_parties (session_id, party)
VALUES
  (?)
ON DUPLICATE KEY UPDATE
  session_id = session_id;

INSERT INTO
  session_terms (session_id, terms)
VALUES
  (?)
ON DUPLICATE KEY UPDATE
  terms = VALUES(terms);

INSERT INTO
  analysis_answers (
    session_id,
    position,
    organization_id,
    name,
    name_trailing_spaces,
    question_type,
    value_type,
    string_value,
    string_prefix,
    number_value,
    boolean_value
  )
VALUES
  (?);

INSERT INTO
  session_feed (event_id, organization_id, session_id, kind, received_at)
VALUES
  (?)
ON DUPLICATE KEY UPDATE
  event_id = event_id;
