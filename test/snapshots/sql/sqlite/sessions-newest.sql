SELECT
  s.started_at AS `startedAt`,
  s.id AS `id`,
  s.lifecycle AS `status`,
  s.started_at_decimals AS `startedAtDecimals`
FROM
  sessions s
WHERE
  1 = 1
  AND (1 = 1)
ORDER BY
  s.started_at DESC,
  s.id DESC
LIMIT
  3;
