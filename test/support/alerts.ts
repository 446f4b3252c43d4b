import { randomBytes } from "node:crypto";
import { Registry } from "prom-client";
import { Webhook } from "standardwebhooks";
import type { AlertDefinition } from "../../src/alerts/definition.js";
import { AlertSender } from "../../src/alerts/sender.js";
import { Targets } from "../../src/alerts/targets.js";
import { AlertWatcher } from "../../src/alerts/watcher.js";
import { createLogger } from "../../src/logger.js";
import { AlertMetrics } from "../../src/metrics/alert.metrics.js";
import type { AlertRuleRow } from "../../src/model/alert.js";
import { AlertRules, type NewAlertRule } from "../../src/store/alert-rules.js";
import type { Database } from "../../src/store/database.js";
import { FeedReader } from "../../src/store/readers/feed.reader.js";
import { FeedWriter } from "../../src/store/writers/feed.writer.js";
import type { Received } from "./webhook-receiver.js";

export const analyzed: AlertDefinition = { kind: "match", types: ["ANALYZED"], filter: {} };

/** Makes a rule as `npm run alerts -- add` does. */
export async function addRule(
  database: Database,
  url: string,
  {
    definition = analyzed,
    ...rule
  }: { definition?: AlertDefinition } & Partial<Omit<NewAlertRule, "definition">> = {},
): Promise<AlertRuleRow> {
  const whole = {
    name: `rule ${randomBytes(6).toString("hex")}`,
    organizationId: null,
    definition: JSON.stringify(definition),
    url,
    format: "standard",
    isPersonal: 0,
    secret: `whsec_${randomBytes(32).toString("base64")}`,
    ...rule,
  };
  return await new AlertRules(database).create(whole, await new FeedReader(database).head());
}

/** An instance's alarms, by a test's clock: they look and send when they are told to. */
export function alarmsOn(database: Database, clock: () => number = Date.now, allowed = ["127.0.0.1"]) {
  const metrics = new AlertMetrics(new Registry());
  const logger = createLogger("silent");
  const targets = new Targets(allowed);
  const disclosed: (string | null)[] = [];
  const onDisclosed = (_rule: AlertRuleRow, { sessionId }: { readonly sessionId: string | null }) => {
    disclosed.push(sessionId);
  };
  const sender = new AlertSender({ database, targets, metrics, onDisclosed, logger, clock });
  const watcher = new AlertWatcher({ database, metrics, onAdded: () => undefined, logger, clock });
  const look = async () => {
    await new FeedWriter(database).assignPositions();
    await watcher.look();
  };
  const send = async () => {
    await sender.look();
    await sender.settled();
  };
  return { metrics, sender, disclosed, look, send, run: () => look().then(send) };
}

export interface Alert {
  readonly type: string;
  readonly data: {
    readonly sessionId?: string;
    readonly session?: Record<string, unknown> | null;
    readonly expectation?: Record<string, unknown>;
    readonly statistic?: Record<string, unknown>;
    readonly omitted?: string;
  };
}

/** What a receiver was told, as it reads it: verified. */
export function readAlert({ secret }: Pick<AlertRuleRow, "secret">, { body, headers }: Received): Alert {
  return new Webhook(secret).verify(body, headers as Record<string, string>) as Alert;
}
