SELECT
  COUNT(*) AS count
FROM
  sessions s
WHERE
  1 = 1
  AND (1 = 1);

SELECT
  s.started_at AS `startedAt`,
  s.id AS `id`
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
