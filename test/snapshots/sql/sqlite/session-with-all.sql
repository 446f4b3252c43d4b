SELECT
  a.session_id AS `sessionId`,
  a.chat_summary AS `chatSummary`,
  a.custom_analysis_data AS `customAnalysisData`,
  a.revision_id AS `revisionId`
FROM
  analyses a
WHERE
  a.session_id IN (?)
  AND 1 = 1
  AND a.source = (
    SELECT
      MAX(n.source)
    FROM
      analyses n
    WHERE
      n.session_id = a.session_id
  )
ORDER BY
  a.session_id,
  a.source DESC;

SELECT
  r.agent_id AS `agentId`,
  r.name AS `name`,
  r.llm_id AS `llmId`,
  r.created_by_id AS `createdById`,
  r.language AS `language`,
  r.voice_id AS `voiceId`,
  r.agent_version_id AS `id`,
  r.organization_id AS `organizationId`,
  r.id AS `revisionId`,
  (
    SELECT
      f.received_at
    FROM
      agent_versions f
    WHERE
      f.organization_id = r.organization_id
      AND f.id = r.agent_version_id
  ) AS `receivedAt`,
  r.received_at AS `changedAt`,
  (
    SELECT
      c.value
    FROM
      service_settings c
    WHERE
      c.name = 'version_contents'
  ) AS contentsMark
FROM
  agent_version_revisions r
WHERE
  r.agent_version_id IN (?)
  AND (
    SELECT
      o.id
    FROM
      agent_version_revisions o
    WHERE
      o.agent_version_id = r.agent_version_id
    LIMIT
      1
    OFFSET
      8
  ) IS NULL;

SELECT
  r.id AS `id`,
  r.agent_version_id AS `agentVersionId`,
  r.name AS `name`
FROM
  agent_version_revisions r
WHERE
  r.id IN (?)
  AND 1 = 1
ORDER BY
  r.received_at,
  r.id;

SELECT
  r.id AS `id`,
  r.agent_version_id AS `agentVersionId`,
  r.provider_settings AS `providerSettings`
FROM
  agent_version_revisions r
WHERE
  r.id IN (?)
  AND 1 = 1
ORDER BY
  r.received_at,
  r.id;

SELECT
  s.id AS `id`,
  s.chat_summary AS `chatSummary`,
  s.message_count AS `messageCount`,
  s.agent_version_id AS `agentVersionId`,
  s.revision_id AS `revisionId`,
  (
    SELECT
      c.value
    FROM
      service_settings c
    WHERE
      c.name = 'version_contents'
  ) AS contentsMark
FROM
  sessions s
WHERE
  s.id IN (?)
  AND 1 = 1;

SELECT
  s.id AS sessionId,
  m.created_at AS `createdAt`,
  m.id AS `id`,
  m.body AS `body`,
  m.direction AS `direction`,
  m.created_at_decimals AS `createdAtDecimals`
FROM
  sessions s
  JOIN session_messages j ON j.session_key = s.cluster_key
  JOIN messages m ON m.cluster_key = j.message_key
WHERE
  s.id IN (?)
  AND 1 = 1
  AND (1 = 1);
