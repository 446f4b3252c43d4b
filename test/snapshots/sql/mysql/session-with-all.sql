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
  j.session_id AS sessionId,
  m.created_at AS `createdAt`,
  m.id AS `id`,
  m.body AS `body`,
  m.direction AS `direction`,
  m.created_at_decimals AS `createdAtDecimals`
FROM
  session_messages j
  JOIN messages m ON m.id = j.message_id
WHERE
  j.session_id IN (?)
  AND 1 = 1
  AND (1 = 1)
ORDER BY
  m.created_at,
  m.id;

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
  v.id AS `agentVersion.revisionId`,
  v.organization_id AS `agentVersion.organizationId`,
  v.agent_version_id AS `agentVersion.id`,
  v.name AS `agentVersion.name`
FROM
  sessions s
  LEFT JOIN sessions w ON w.id = (
    SELECT
      n.id
    FROM
      sessions n
    WHERE
      n.organization_id = s.organization_id
      AND n.agent_version_id = s.agent_version_id
    ORDER BY
      n.agent_version_id DESC,
      n.organization_id DESC,
      n.revision_source DESC
    LIMIT
      1
  )
  AND NOT EXISTS (
    SELECT
      1
    FROM
      agent_versions o
    WHERE
      o.id = s.agent_version_id
      AND o.organization_id <> s.organization_id
  )
  LEFT JOIN agent_version_revisions v ON v.id = w.revision_id
WHERE
  s.id IN (?)
  AND 1 = 1;
