SELECT
  s.started_at AS `startedAt`,
  s.id AS `id`
FROM
  sessions s
WHERE
  1 = 1
  AND (((s.organization_id = ?)))
ORDER BY
  s.started_at DESC,
  s.id DESC
LIMIT
  3;
