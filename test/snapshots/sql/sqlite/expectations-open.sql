SELECT
  COUNT(*) AS count
FROM
  expectations x
WHERE
  1 = 1
  AND (((x.closed_at IS NULL)));

SELECT
  x.id AS `id`,
  x.kind AS `kind`,
  x.opened_at AS `openedAt`
FROM
  expectations x
WHERE
  1 = 1
  AND (((x.closed_at IS NULL)))
ORDER BY
  x.opened_at DESC,
  x.id DESC
LIMIT
  3;
