import type { Abuse, Target } from "../support/rehearsal/abuse/abuse.js";
import { junkSignatures } from "../support/rehearsal/abuse/junk-signatures.js";
import { overlappingSubscriptions } from "../support/rehearsal/abuse/overlapping-subscriptions.js";
import { starvingQueries } from "../support/rehearsal/abuse/starving-queries.js";
import { timeZoneSpellings } from "../support/rehearsal/abuse/time-zones.js";
import { unreadAnswers } from "../support/rehearsal/abuse/unread-answers.js";

/**
 * The clients that abuse, and the subscribers that stall: a process of their own, told its order as its
 * argument.
 */
export interface AbuseOrder {
  readonly url: string;
  /** One key for each of the four that have one. */
  readonly tokens: readonly string[];
  readonly stalledToken: string;
  readonly stalled: number;
}

const { url, tokens, stalledToken, stalled } = JSON.parse(process.argv[2] ?? "") as AbuseOrder;
const targetOf = (index: number): Target => ({ url, token: tokens[index] });
const abuses: readonly Abuse[] = [
  starvingQueries(targetOf(0)),
  junkSignatures({ url, token: undefined }),
  timeZoneSpellings(targetOf(1)),
  overlappingSubscriptions(targetOf(2)),
  unreadAnswers(targetOf(3), {
    socketQueries: 40,
    httpRequests: 10,
    streams: 4,
    subscribers: 0,
    holdMilliseconds: 20_000,
  }),
  // Those who stall are let go after a while, and stall again.
  unreadAnswers(
    { url, token: stalledToken },
    { socketQueries: 0, httpRequests: 0, streams: 0, subscribers: stalled, holdMilliseconds: 90_000 },
  ),
];

process.on("message", () => {
  process.send?.(Object.fromEntries(abuses.map(({ name, times }) => [name, times()])));
});
process.on("disconnect", () => {
  process.exit(0);
});
