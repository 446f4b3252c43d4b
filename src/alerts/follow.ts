import { v5 as uuidv5 } from "uuid";
import { CursorExpiredError } from "../errors.js";
import { type FeedPlace, isSamePlace, toPlace } from "../events/feed-place.js";
import type { AlertRuleRow } from "../model/alert.js";
import { toDatetime } from "../model/instant.js";
import type { Advance, NewAlertMessage } from "../store/alert-outbox.js";
import type { Database } from "../store/database.js";
import { ExpectationReader } from "../store/readers/expectation.reader.js";
import { type FeedEntry, FeedReader } from "../store/readers/feed.reader.js";
import { SessionReader } from "../store/readers/session.reader.js";
import { definitionOf, type FollowingDefinition, kindsOf, scopeOf } from "./definition.js";

/** Entries that a rule looks at at once. */
const entriesAtOnce = 100;

/** The namespace of the ids of messages. */
const namespace = "5d1c2f0e-6b1c-4f0e-9a3b-2f6f0a6f7c11";

/** Follows the feed for rules: which of its next entries each has to tell of. */
export class RuleFollower {
  private readonly feed: FeedReader;
  private readonly sessions: SessionReader;
  private readonly expectations: ExpectationReader;

  constructor(database: Database) {
    // Another node of a cluster may lack the rule's place yet, which is no gap, or what an entry tells of.
    const current = database.current ?? database;
    this.feed = new FeedReader(database, undefined, database.current);
    this.sessions = new SessionReader(current);
    this.expectations = new ExpectationReader(current);
  }

  /**
   * The next page of the feed, as a rule sees it.
   * @returns undefined where the feed goes no further, or the rule does not follow it
   */
  async next(rule: AlertRuleRow): Promise<Advance | undefined> {
    const definition = definitionOf(rule);
    if (definition.kind === "statistic") return undefined;
    const from = toPlace(rule);
    const { entries, reached, isGap } = await this.after(from, rule, definition);
    if (isSamePlace(reached, from)) return undefined;
    const told = await this.matching(rule, definition, entries);
    const messages = told.map((entry) => messageOf(rule, entry));
    return { ruleId: rule.id, from, to: reached, isGap, messages };
  }

  /**
   * Where the feed does not go on from there (a backup was restored, or the place is older than the feed's
   * retention), its end is what comes next: what lies between is not known to be new.
   */
  private async after(from: FeedPlace, rule: AlertRuleRow, definition: FollowingDefinition) {
    try {
      const wanted = { scope: scopeOf(rule), kinds: kindsOf(definition) };
      return { ...(await this.feed.after(from, entriesAtOnce, wanted)), isGap: false };
    } catch (error) {
      if (!(error instanceof CursorExpiredError)) throw error;
      return { entries: [], reached: await this.feed.currentHead(), isGap: true };
    }
  }

  private async matching(
    rule: AlertRuleRow,
    definition: FollowingDefinition,
    entries: readonly FeedEntry[],
  ): Promise<readonly FeedEntry[]> {
    const scope = scopeOf(rule);
    const ids = [...new Set(entries.map(({ sessionId }) => sessionId))];
    const matching = await this.sessions.matchingIds(scope, definition.filter, ids);
    const told = entries.filter(({ sessionId }) => matching.has(sessionId));
    if (definition.kind !== "expectation" || definition.expectations === null) return told;
    const wanted = new Set(definition.expectations);
    const found = await this.expectations.byIds(
      scope,
      told.map(({ eventId }) => eventId),
      ["kind"],
    );
    const kinds = new Map(found.map(({ id, kind }) => [id, kind]));
    return told.filter(({ eventId }) => {
      const kind = kinds.get(eventId);
      return kind !== undefined && wanted.has(kind);
    });
  }
}

/** An entry has one message of a rule, whoever makes it, and however often. */
function messageOf(rule: AlertRuleRow, entry: FeedEntry): NewAlertMessage {
  const { eventId, kind, organizationId, sessionId, receivedAt } = entry;
  return {
    id: uuidv5(`${rule.id} ${eventId}`, namespace),
    kind,
    eventId,
    organizationId,
    sessionId,
    facts: null,
    receivedAt: toDatetime(receivedAt),
  };
}
