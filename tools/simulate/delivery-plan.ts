import { generateSessions } from "./generate.js";
import { RandomStream, SeededRandom } from "./random.js";
import { readSamples } from "./samples.js";
import { shuffleAndDuplicate } from "./shuffle-and-duplicate.js";

/** One body to post. The session it belongs to is shared by that session's deliveries. */
export interface Delivery {
  body: Buffer;
  session: { counted: boolean };
  /** It gets lost on its way: nobody receives it. */
  isLost: boolean;
}

export interface PlanOptions {
  sessions: number;
  seed: number;
  sessionSeed: number;
  samples: boolean;
  shuffle: boolean;
  duplicate: number;
  /** The share of sessions whose analyses all get lost, from 0 to 1. */
  dropAnalyzed: number;
}

/** Some sessions have not ended, few are analyzed twice. */
const DELIVERIES_PER_SESSION = 2.82;

/** A session's repetitions stay near it, so that its deliveries remain one short chain. */
const REPETITION_WINDOW = 3;

/** What to deliver, made while it is delivered: nothing is kept. */
export class DeliveryPlan {
  private planned = 0;
  private complete = false;

  constructor(private readonly options: PlanOptions) {}

  /** Deliveries that must follow one another stand in one chain: a session's, unless shuffled. */
  *chains(): Generator<Delivery[], void, undefined> {
    const sessions = this.options.samples ? sampleSessions() : generatedSessions(this.options);
    for (const chain of this.options.shuffle ? this.scatter(sessions) : this.keepOrder(sessions)) {
      this.planned += chain.length;
      yield chain;
    }
    this.complete = true;
  }

  /** How many deliveries there will be: an estimate until all are made. */
  get expected(): number {
    if (this.complete) return this.planned;
    const { samples, sessions, duplicate } = this.options;
    const once = samples ? 3 : sessions * DELIVERIES_PER_SESSION;
    return Math.max(this.planned, Math.round(once * (1 + duplicate)));
  }

  private *scatter(sessions: Iterable<Delivery[]>): Generator<Delivery[], void, undefined> {
    const { seed, duplicate } = this.options;
    const order = { shuffle: true, duplicate, seed };
    for (const delivery of shuffleAndDuplicate(flatten(sessions), order)) yield [delivery];
  }

  private *keepOrder(sessions: Iterable<Delivery[]>): Generator<Delivery[], void, undefined> {
    const random = new SeededRandom(this.options.seed, RandomStream.order);
    const order = { shuffle: false, duplicate: this.options.duplicate, window: REPETITION_WINDOW };
    for (const session of sessions)
      yield [...shuffleAndDuplicate(session, { ...order, seed: random.next() })];
  }
}

function* generatedSessions(options: PlanOptions): Generator<Delivery[], void, undefined> {
  const { dropAnalyzed, sessionSeed } = options;
  for (const { index, envelopes } of generateSessions(options)) {
    const loses =
      dropAnalyzed > 0 && new SeededRandom(sessionSeed, RandomStream.losses, index).chance(dropAnalyzed);
    const session = { counted: false };
    yield envelopes.map((envelope) => ({
      body: Buffer.from(JSON.stringify(envelope)),
      session,
      isLost: loses && envelope.event.endsWith(".analyzed"),
    }));
  }
}

function sampleSessions(): Delivery[][] {
  const session = { counted: false };
  return [readSamples().map((body) => ({ body, session, isLost: false }))];
}

function* flatten<T>(groups: Iterable<T[]>): Generator<T, void, undefined> {
  for (const group of groups) yield* group;
}
