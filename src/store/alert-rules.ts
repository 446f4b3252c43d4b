import { v7 as uuidv7 } from "uuid";
import { BadInputError } from "../errors.js";
import type { FeedPlace } from "../events/feed-place.js";
import { AlertRule, type AlertRuleRow } from "../model/alert.js";
import { propertiesOf } from "../model/declare.js";
import { now, toDatetime } from "../model/instant.js";
import type { Database } from "./database.js";
import { insertRows, selectList } from "./sql/statements.js";
import { alertRules } from "./sql/tables.js";

/** What a rule is made of, but for what the database adds. */
export type NewAlertRule = Pick<
  AlertRuleRow,
  "name" | "organizationId" | "definition" | "url" | "format" | "isPersonal" | "secret"
>;

/** Each rule reads the feed for itself. */
const mostRules = 100;

/** The rules' table. */
export class AlertRules {
  constructor(private readonly database: Database) {}

  /**
   * @param place in the feed: it tells of what comes after
   * @throws BadInputError where the name is taken, or there are too many
   */
  async create(rule: NewAlertRule, { position, epoch }: FeedPlace): Promise<AlertRuleRow> {
    const row: AlertRuleRow = {
      id: uuidv7(),
      ...rule,
      createdAt: toDatetime(now()),
      position,
      epoch,
      gaps: 0,
      ordinal: 0,
      crossed: "[]",
      judgedAt: null,
      failures: 0,
      nextAt: null,
      lastError: null,
      lastSentAt: null,
      leasedUntil: null,
    };
    await this.database.transaction(async (transaction) => {
      const names = await transaction.query<{ name: string }>("SELECT name FROM alert_rules");
      if (names.some(({ name }) => name === rule.name)) throw new BadInputError("name: is taken.");
      if (names.length >= mostRules) throw new BadInputError(`There are ${mostRules} rules: remove one.`);
      await insertRows(transaction, alertRules, [row]);
    });
    return row;
  }

  /** The oldest first. */
  async list(): Promise<AlertRuleRow[]> {
    return await this.database.read<AlertRuleRow>(`SELECT ${columns} FROM alert_rules r ORDER BY r.id`);
  }

  async byId(id: string): Promise<AlertRuleRow | undefined> {
    const [row] = await this.database.read<AlertRuleRow>(
      `SELECT ${columns} FROM alert_rules r WHERE r.id = ?`,
      [id],
    );
    return row;
  }

  /** Of people's words, who say a name or an id. */
  async find(nameOrId: string): Promise<AlertRuleRow | undefined> {
    return (await this.list()).find(({ id, name }) => name === nameOrId || id === nameOrId.toLowerCase());
  }

  /** Its messages go too, whatever has become of them. */
  async remove(id: string): Promise<void> {
    await this.database.transaction(async (transaction) => {
      await transaction.execute("DELETE FROM alert_rules WHERE id = ?", [id]);
      await transaction.execute("DELETE FROM alert_messages WHERE rule_id = ?", [id]);
    });
  }
}

const columns = selectList(
  alertRules,
  "r",
  propertiesOf(AlertRule).map(({ name }) => name as keyof AlertRuleRow),
);
