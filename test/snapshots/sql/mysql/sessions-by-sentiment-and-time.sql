SELECT
  s.started_at AS `startedAt`,
  s.id AS `id`
FROM
  (
    SELECT
      s.id
    FROM
      sessions s
    WHERE
      1 = 1
      AND (
        (
          (s.started_at >= ?)
          AND (s.started_at < ?)
        )
        AND (
          (
            s.user_sentiment = ?
            AND LENGTH(s.user_sentiment) = LENGTH(?)
          )
        )
      )
    ORDER BY
      s.started_at DESC,
      s.id DESC
    LIMIT
      3
  ) found
  JOIN sessions s ON s.id = found.id;
