SELECT
  SUBSTR(s.started_at, 1, 10) AS moment,
  s.agent_id AS k0,
  s.user_sentiment AS sentiment,
  COUNT(*) AS count,
  SUM(s.message_count) AS messages,
  SUM(s.failed_message_count) AS failed,
  SUM(s.manual_message_count) AS manual,
  SUM(
    CASE
      WHEN s.manual_message_count > 0 THEN 1
      ELSE 0
    END
  ) AS stepped,
  SUM((TIMESTAMPDIFF (MICROSECOND, s.started_at, s.ended_at) / 1000000)) AS seconds,
  SUM(
    CASE
      WHEN s.started_at IS NULL
      OR s.ended_at IS NULL THEN 0
      ELSE 1
    END
  ) AS timed
FROM
  sessions s
WHERE
  1 = 1
  AND (1 = 1)
GROUP BY
  SUBSTR(s.started_at, 1, 10),
  s.agent_id,
  s.user_sentiment,
  LENGTH(s.user_sentiment)
LIMIT
  100001;

SELECT
  r.agent_version_id AS `id`,
  r.id AS `revisionId`,
  r.organization_id AS `organizationId`,
  r.name AS `name`,
  r.agent_id AS `agentId`
FROM
  (
    SELECT
      c.id,
      ROW_NUMBER() OVER (
        PARTITION BY
          c.agent_id
        ORDER BY
          COALESCE(s.revision_source, '') DESC,
          c.received_at DESC,
          c.id DESC
      ) AS ordinal
    FROM
      (
        SELECT DISTINCT
          k.organization_id,
          k.agent_version_id,
          k.agent_id AS asked
        FROM
          agent_version_revisions k
        WHERE
          k.agent_id IN (?)
          AND 1 = 1
      ) v
      LEFT JOIN sessions s ON s.id = (
        SELECT
          n.id
        FROM
          sessions n
        WHERE
          n.organization_id = v.organization_id
          AND n.agent_version_id = v.agent_version_id
        ORDER BY
          n.agent_version_id DESC,
          n.organization_id DESC,
          n.revision_source DESC
        LIMIT
          1
      )
      JOIN agent_version_revisions c ON c.agent_version_id = v.agent_version_id
      AND c.organization_id = v.organization_id
      AND c.agent_id = v.asked
      AND (
        s.id IS NULL
        OR c.id = s.revision_id
      )
  ) w
  JOIN agent_version_revisions r ON r.id = w.id
WHERE
  w.ordinal = 1;
