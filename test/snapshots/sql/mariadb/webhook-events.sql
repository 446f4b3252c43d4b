SELECT
  e.id AS `id`,
  e.event_type AS `eventType`,
  e.status AS `status`,
  e.received_at AS `receivedAt`
FROM
  webhook_events e
WHERE
  (1 = 1)
ORDER BY
  e.id DESC
LIMIT
  3;
