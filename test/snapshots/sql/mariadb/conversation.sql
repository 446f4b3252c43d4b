SELECT
  found.id,
  found.organization_id AS organizationId
FROM
  (
    SELECT
      c.id,
      t.organization_id,
      1 AS source
    FROM
      (
        SELECT DISTINCT
          k.conversation_id AS id
        FROM
          sessions k
        WHERE
          k.conversation_id IN (?)
      ) c
      JOIN sessions t ON t.id = (
        SELECT
          n.id
        FROM
          sessions n
        WHERE
          n.conversation_id = c.id
          AND 1 = 1
        ORDER BY
          n.started_at DESC,
          n.id DESC
        LIMIT
          1
      )
    UNION ALL
    SELECT
      c.id,
      t.organization_id,
      2 AS source
    FROM
      (
        SELECT DISTINCT
          k.conversation_id AS id
        FROM
          messages k
        WHERE
          k.conversation_id IN (?)
      ) c
      JOIN messages t ON t.id = (
        SELECT
          n.id
        FROM
          messages n
        WHERE
          n.conversation_id = c.id
          AND 1 = 1
        ORDER BY
          n.created_at DESC,
          n.id DESC
        LIMIT
          1
      )
  ) found
ORDER BY
  found.source DESC;

SELECT
  m.created_at AS `createdAt`,
  m.id AS `id`,
  m.body AS `body`,
  m.conversation_id AS `conversationId`
FROM
  (
    SELECT
      id
    FROM
      (
        SELECT
          m.id
        FROM
          messages m
        WHERE
          m.conversation_id = ?
          AND (1 = 1)
          AND ((1 = 1))
        ORDER BY
          m.created_at ASC,
          m.id ASC
        LIMIT
          3
      ) v0
  ) found
  JOIN messages m ON m.id = found.id;

SELECT
  s.started_at AS `startedAt`,
  s.id AS `id`,
  s.conversation_id AS `conversationId`
FROM
  (
    SELECT
      id
    FROM
      (
        SELECT
          s.id
        FROM
          sessions s
        WHERE
          s.conversation_id = ?
          AND (1 = 1)
          AND ((1 = 1))
        ORDER BY
          s.started_at DESC,
          s.id DESC
        LIMIT
          3
      ) v0
  ) found
  JOIN sessions s ON s.id = found.id;
