import { Webhook } from "standardwebhooks";
import { overdueKind } from "../events/registry.js";
import { exported, exportedFields } from "../export/session-columns.js";
import type { AlertMessageRow, AlertRuleRow } from "../model/alert.js";
import { propertiesOf } from "../model/declare.js";
import { Expectation } from "../model/expectation.js";
import { fromDatetime } from "../model/instant.js";
import { ExpectationReader } from "../store/readers/expectation.reader.js";
import { SessionReader } from "../store/readers/session.reader.js";
import type { SqlReader } from "../store/sql/transaction.js";
import type { AlertBody } from "./alert-body.js";
import { scopeOf } from "./definition.js";
import type { Posted } from "./post.js";
import { slackText } from "./slack-text.js";

/** A body that is larger has no session: its receiver can ask for it by its id. */
const mostBytes = 1_024 * 1_024;

/** The kind of a message that only tries its receiver. */
export const testKind = "TEST";

const expectationFields = propertiesOf(Expectation).map(({ name }) => name);

export type ToldMessage = Omit<AlertMessageRow, "ruleId" | "ordinal" | "giveUpAt" | "parkedAt">;

/** Writes messages: what the session says is read now, as the rule's scope may see it. */
export class MessageWriter {
  constructor(private readonly database: SqlReader) {}

  /** @param at when it is signed: a receiver refuses what was signed long ago */
  async write(rule: AlertRuleRow, message: ToldMessage, at: Date): Promise<Posted> {
    const whole = await this.bodyOf(rule, message);
    const text = asText(rule, whole);
    const body = Buffer.from(
      Buffer.byteLength(text) > mostBytes ? asText(rule, withoutSession(whole)) : text,
    );
    const signature = new Webhook(rule.secret).sign(message.id, at, body);
    return {
      body,
      headers: {
        "Content-Type": "application/json",
        "User-Agent": "conversation-agent-api",
        "webhook-id": message.id,
        "webhook-timestamp": String(Math.floor(at.getTime() / 1_000)),
        "webhook-signature": signature,
      },
    };
  }

  private async bodyOf(rule: AlertRuleRow, message: ToldMessage): Promise<AlertBody> {
    const { kind, eventId, sessionId, organizationId, facts, receivedAt } = message;
    const of = { rule: { id: rule.id, name: rule.name }, organizationId };
    const timestamp = fromDatetime(receivedAt, 3);
    if (kind === testKind) return { type: "test", timestamp, data: of };
    if (facts !== null) {
      const statistic = JSON.parse(facts) as Record<string, unknown>;
      return { type: `statistic.${kind.toLowerCase()}`, timestamp, data: { ...of, statistic } };
    }
    const session = sessionId === null ? undefined : await this.sessionOf(rule, sessionId);
    const data = {
      ...of,
      eventId,
      ...(sessionId !== null && { sessionId, session: session ?? null }),
      ...(session === undefined && { omitted: "gone" as const }),
      ...(kind === overdueKind && { expectation: await this.expectationOf(rule, eventId) }),
    };
    return { type: `session.${kind.toLowerCase()}`, timestamp, data };
  }

  private async sessionOf(rule: AlertRuleRow, id: string) {
    const reader = new SessionReader(this.database);
    const [session] = await reader.byIds(scopeOf(rule), [id], exportedFields);
    return session && exported(session);
  }

  private async expectationOf(rule: AlertRuleRow, id: string | null) {
    const reader = new ExpectationReader(this.database);
    const [found] = await reader.byIds(scopeOf(rule), id === null ? [] : [id], expectationFields);
    return found === undefined ? null : { ...found };
  }
}

function withoutSession(body: AlertBody): AlertBody {
  return { ...body, data: { ...body.data, session: null, omitted: "too_large" } };
}

function asText({ format }: AlertRuleRow, body: AlertBody): string {
  return JSON.stringify(format === "slack" ? { text: slackText(body) } : body);
}
