SELECT
  few,
  beyond,
  CASE
    WHEN worth_more = 1 THEN (
      SELECT
        json_group_array(id)
      FROM
        (
          SELECT
            n.id
          FROM
            (
              SELECT
                s.started_at,
                s.id
              FROM
                sessions s
              WHERE
                1 = 1
              ORDER BY
                s.started_at DESC,
                s.id DESC
              LIMIT
                5
            ) n
            CROSS JOIN sessions s ON s.id = n.id
          WHERE
            (
              (
                (
                  COALESCE(
                    EXISTS (
                      SELECT
                        1
                      FROM
                        session_messages fj
                        JOIN messages fm ON fm.cluster_key = fj.message_key
                      WHERE
                        fj.session_key = s.cluster_key
                        AND (
                          (
                            (((fm.from_address = ?)))
                            OR (((fm.to_address = ?)))
                          )
                        )
                    ),
                    0
                  )
                )
              )
            )
          ORDER BY
            n.started_at DESC,
            n.id DESC
          LIMIT
            3
        ) m
    )
  END AS more
FROM
  (
    SELECT
      few,
      beyond,
      CASE
        WHEN found >= 3 THEN 0
        WHEN found >= 0.2 THEN 1
        ELSE beyond IS NULL
      END AS worth_more
    FROM
      (
        SELECT
          COUNT(*) AS found,
          json_group_array(id) AS few,
          CASE
            WHEN COUNT(*) < 3 THEN (
              SELECT
                s.id
              FROM
                sessions s
              WHERE
                1 = 1
              ORDER BY
                s.started_at DESC,
                s.id DESC
              LIMIT
                1
              OFFSET
                5
            )
          END AS beyond
        FROM
          (
            SELECT
              n.id
            FROM
              (
                SELECT
                  s.started_at,
                  s.id
                FROM
                  sessions s
                WHERE
                  1 = 1
                ORDER BY
                  s.started_at DESC,
                  s.id DESC
                LIMIT
                  1
              ) n
              CROSS JOIN sessions s ON s.id = n.id
            WHERE
              (
                (
                  (
                    COALESCE(
                      EXISTS (
                        SELECT
                          1
                        FROM
                          session_messages fj
                          JOIN messages fm ON fm.cluster_key = fj.message_key
                        WHERE
                          fj.session_key = s.cluster_key
                          AND (
                            (
                              (((fm.from_address = ?)))
                              OR (((fm.to_address = ?)))
                            )
                          )
                      ),
                      0
                    )
                  )
                )
              )
            ORDER BY
              n.started_at DESC,
              n.id DESC
            LIMIT
              3
          ) f
      ) counted
  ) judged;

SELECT
  s.started_at AS `startedAt`,
  s.id AS `id`
FROM
  sessions s
WHERE
  s.id IN (?)
  AND 1 = 1
  AND (
    (
      (
        COALESCE(
          EXISTS (
            SELECT
              1
            FROM
              session_messages fj
              JOIN messages fm ON fm.cluster_key = fj.message_key
            WHERE
              fj.session_key = s.cluster_key
              AND (
                (
                  (((fm.from_address = ?)))
                  OR (((fm.to_address = ?)))
                )
              )
          ),
          0
        )
      )
    )
  );
