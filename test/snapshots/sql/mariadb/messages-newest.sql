SELECT
  m.created_at AS `createdAt`,
  m.id AS `id`,
  m.body AS `body`,
  m.created_at_decimals AS `createdAtDecimals`
FROM
  messages m
WHERE
  1 = 1
  AND (1 = 1)
ORDER BY
  m.created_at DESC,
  m.id DESC
LIMIT
  3;
