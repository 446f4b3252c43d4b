import { expect, it } from "vitest";
import { createTestDatabase, startService } from "../support/service.js";
import { jwtSecret, onDatabase, organizationA, token } from "../support/callers.js";

it("callers of one name and two issuers have a share of the limits each, and are two in the audit log", async () => {
  const database = await createTestDatabase();
  const service = await startService({ JWT_SECRET: jwtSecret, RATE_LIMIT_REQUESTS: "2" }, database);
  const claims = { role: "reader", organization_id: organizationA };
  const statuses = [];
  for (const issuer of ["https://one.example", "https://other.example"]) {
    const headers = { Authorization: `Bearer ${await token(claims, { issuer })}` };
    for (let request = 0; request < 3; request += 1)
      statuses.push((await service.query("{ sessions { totalCount } }", {}, headers)).status);
  }
  expect(statuses).toEqual([200, 200, 429, 200, 200, 429]);
  await service.stop();
  const rows = await onDatabase(database, (opened) =>
    opened.read<{ caller: string }>("SELECT DISTINCT caller FROM audit_log WHERE action = 'read'"),
  );
  expect(rows).toHaveLength(2);
  for (const { caller } of rows) expect(caller).toMatch(/^jwt:somebody@[0-9a-f]{16}$/);
  await database.drop();
});
