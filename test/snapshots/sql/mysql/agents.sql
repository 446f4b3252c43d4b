SELECT
  COUNT(*) AS count
FROM
  (
    SELECT
      s.revision_id,
      ROW_NUMBER() OVER (
        PARTITION BY
          s.agent_id
        ORDER BY
          s.revision_source DESC
      ) AS ordinal
    FROM
      (
        SELECT
          (
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
          ) AS session_id
        FROM
          (
            SELECT DISTINCT
              k.organization_id,
              k.agent_version_id
            FROM
              agent_version_revisions k
            WHERE
              (1 = 1)
              AND (1 = 1)
          ) v
      ) newest
      JOIN sessions s ON s.id = newest.session_id
  ) content
  JOIN agent_version_revisions r ON r.id = content.revision_id
  AND content.ordinal = 1
WHERE
  1 = 1
  AND (1 = 1);

SELECT
  r.agent_id AS `id`,
  r.organization_id AS `organizationId`,
  r.name AS `name`
FROM
  (
    SELECT
      s.revision_id,
      ROW_NUMBER() OVER (
        PARTITION BY
          s.agent_id
        ORDER BY
          s.revision_source DESC
      ) AS ordinal
    FROM
      (
        SELECT
          (
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
          ) AS session_id
        FROM
          (
            SELECT DISTINCT
              k.organization_id,
              k.agent_version_id
            FROM
              agent_version_revisions k
            WHERE
              (1 = 1)
              AND (1 = 1)
          ) v
      ) newest
      JOIN sessions s ON s.id = newest.session_id
  ) content
  JOIN agent_version_revisions r ON r.id = content.revision_id
  AND content.ordinal = 1
WHERE
  1 = 1
  AND (1 = 1)
ORDER BY
  r.agent_id ASC,
  r.organization_id ASC
LIMIT
  3;

SELECT
  r.agent_version_id AS `id`,
  r.id AS `revisionId`,
  r.organization_id AS `organizationId`,
  r.agent_id AS `agentId`
FROM
  (
    SELECT
      r.id,
      ROW_NUMBER() OVER (
        PARTITION BY
          r.agent_id
        ORDER BY
          r.agent_version_id ASC,
          r.organization_id ASC
      ) AS ordinal
    FROM
      (
        SELECT
          s.revision_id,
          ROW_NUMBER() OVER (
            PARTITION BY
              s.agent_version_id
            ORDER BY
              s.revision_source DESC
          ) AS ordinal
        FROM
          (
            SELECT
              (
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
              ) AS session_id
            FROM
              (
                SELECT DISTINCT
                  k.organization_id,
                  k.agent_version_id
                FROM
                  agent_version_revisions k
                WHERE
                  (k.agent_id IN (?))
                  AND (1 = 1)
              ) v
          ) newest
          JOIN sessions s ON s.id = newest.session_id
      ) content
      JOIN agent_version_revisions r ON r.id = content.revision_id
      AND content.ordinal = 1
    WHERE
      (r.agent_id IN (?))
      AND ((1 = 1))
      AND 1 = 1
  ) found
  JOIN agent_version_revisions r ON r.id = found.id
WHERE
  found.ordinal <= 3
ORDER BY
  r.agent_version_id ASC,
  r.organization_id ASC;
