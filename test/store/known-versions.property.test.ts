import fc from "fast-check";
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, it } from "vitest";
import { loadConfig } from "../../src/config.js";
import { parseEnvelope } from "../../src/events/envelope.js";
import { Database } from "../../src/store/database.js";
import { ErasureList } from "../../src/store/erasure/erasure-list.js";
import { EventLog } from "../../src/store/event-log.js";
import { migrate } from "../../src/store/migrations/migrate.js";
import { AgentVersionReader } from "../../src/store/readers/agent-version.reader.js";
import {
  type CarriesVersion,
  contentsMarkColumn,
  KnownVersions,
} from "../../src/store/readers/known-versions.js";
import type { Scope } from "../../src/store/readers/scope.js";
import { FeedWriter } from "../../src/store/writers/feed.writer.js";
import { SessionWriter } from "../../src/store/writers/session.writer.js";
import { createTestDatabase, type Payload, sample, type TestDatabase } from "../support/service.js";

let test: TestDatabase;
let database: Database;
let log: EventLog;
let template: Payload;
beforeAll(async () => {
  test = await createTestDatabase();
  database = await Database.open(loadConfig({ DATABASE_URL: test.url }).database, 2);
  await migrate(database.writer);
  log = new EventLog(database, new SessionWriter(), new FeedWriter(database), new ErasureList(database));
  template = await sample("analyzed");
});
afterAll(async () => {
  await database.close();
  await test.drop();
});

const fields = ["name", "changedAt"];

type Carries = CarriesVersion & { readonly organizationId: string };

/** What an organization's event says of one of two versions. */
const event = fc.record({
  version: fc.nat({ max: 1 }),
  organization: fc.nat({ max: 1 }),
  content: fc.nat({ max: 9 }),
  day: fc.integer({ min: 10, max: 28 }),
  /** Sessions that are deleted afterwards leave their contents. */
  stays: fc.boolean(),
});

it(
  "versions of sessions are the same, whether their contents are known or read",
  { timeout: 120_000 },
  async () => {
    const known = new KnownVersions();
    await fc.assert(
      fc.asyncProperty(fc.array(event, { minLength: 1, maxLength: 14 }), async (events) => {
        const versions = [randomUUID(), randomUUID()];
        const organizations = [randomUUID(), randomUUID()];
        const gone: string[] = [];
        for (const { version, organization, content, day, stays } of events) {
          const payload = structuredClone(template);
          const id = randomUUID();
          payload.request_id = randomUUID();
          payload.created_at = `2025-08-${day}T00:00:00Z`;
          Object.assign(payload.data, { id, messages: [] });
          Object.assign(payload.data.agent_version, {
            id: versions[version],
            organization_id: organizations[organization],
            name: `Content ${content}`,
          });
          const body = Buffer.from(JSON.stringify(payload));
          expect(await log.record({ body, envelope: parseEnvelope(body), signature: null })).toMatchObject({
            status: "projected",
          });
          if (!stays) gone.push(id);
        }
        const carried = async () =>
          await database.read<Carries>(
            `SELECT s.organization_id AS organizationId, s.agent_version_id AS agentVersionId, ${contentsMarkColumn} FROM sessions s
           WHERE s.agent_version_id IN (?, ?)`,
            versions,
          );
        const compare = async (all: readonly Carries[]) => {
          const reader = new AgentVersionReader(database, known);
          const scopes: Scope[] = [
            { kind: "all", masked: false },
            ...organizations.map(
              (id) => ({ kind: "organization", organizationId: id, masked: false }) as const,
            ),
          ];
          for (const scope of scopes) {
            const sessions = all.filter(
              (each) => scope.kind === "all" || each.organizationId === scope.organizationId,
            );
            const ids = [...new Set(sessions.map(({ agentVersionId }) => agentVersionId))];
            const read = await reader.byIds(scope, ids, fields);
            const told = (await reader.ofSessions(scope, sessions, fields)).filter((each) => each !== null);
            const shown = ({ id, revisionId, name, changedAt }: (typeof read)[number]) =>
              [id, revisionId, name, changedAt].join();
            expect(new Set(told.map(shown))).toEqual(new Set(read.map(shown)));
          }
        };
        const sessions = await carried();
        await compare(sessions);
        for (const id of gone)
          await database.transaction((transaction) =>
            transaction.execute("DELETE FROM sessions WHERE id = ?", [id]),
          );
        await compare(sessions);
        await compare(await carried());
      }),
      { numRuns: 25 },
    );
  },
);
