SELECT
  COUNT(*) AS count
FROM
  (
    SELECT
      latest.*,
      ROW_NUMBER() OVER (
        PARTITION BY
          agent_version_id
        ORDER BY
          newest DESC
      ) AS ordinal
    FROM
      (
        SELECT
          agent_version_id,
          organization_id,
          MAX(revision_source) AS newest
        FROM
          sessions
        GROUP BY
          agent_version_id,
          organization_id
      ) latest
    WHERE
      1 = 1
  ) v
  JOIN sessions s ON s.organization_id = v.organization_id
  AND s.agent_version_id = v.agent_version_id
  AND s.revision_source = v.newest
  AND v.ordinal = 1
  JOIN agent_version_revisions r ON r.id = s.revision_id
WHERE
  (1 = 1);

SELECT
  r.agent_version_id AS `id`,
  r.id AS `revisionId`,
  r.organization_id AS `organizationId`,
  r.name AS `name`
FROM
  (
    SELECT
      latest.*,
      ROW_NUMBER() OVER (
        PARTITION BY
          agent_version_id
        ORDER BY
          newest DESC
      ) AS ordinal
    FROM
      (
        SELECT
          agent_version_id,
          organization_id,
          MAX(revision_source) AS newest
        FROM
          sessions
        GROUP BY
          agent_version_id,
          organization_id
      ) latest
    WHERE
      1 = 1
  ) v
  JOIN sessions s ON s.organization_id = v.organization_id
  AND s.agent_version_id = v.agent_version_id
  AND s.revision_source = v.newest
  AND v.ordinal = 1
  JOIN agent_version_revisions r ON r.id = s.revision_id
WHERE
  ((1 = 1))
ORDER BY
  r.agent_version_id ASC,
  r.organization_id ASC
LIMIT
  3;
