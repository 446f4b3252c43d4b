SELECT
  s.message_count AS `messageCount`,
  s.id AS `id`
FROM
  (
    SELECT
      s.id
    FROM
      sessions s
    WHERE
      1 = 1
      AND (1 = 1)
    ORDER BY
      s.message_count DESC,
      s.id DESC
    LIMIT
      3
  ) found
  JOIN sessions s ON s.id = found.id
ORDER BY
  s.message_count DESC,
  s.id DESC;
