/**
 * How what several events say of one thing becomes one state, in any order and however often they arrive.
 *
 * Every field is a last-writer-wins register: of all values that are not null, the one with the greatest
 * order key stands. The outcome is a function of the *set* of events, so permutations, repetitions and
 * replays agree. Most rows have all their fields from one event, so a row keeps one key (`source`) and names
 * only the fields whose value stems from an earlier one (`older`).
 *
 * While a release is rolled out, an instance of the one before merges too: it advances `source` and knows
 * nothing of a new field's value, which is not of that event. So new fields keep a key of their own.
 */

/** Totally ordered text: greater is newer. See {@link sessionOrderKey} and {@link messageOrderKey}. */
export type OrderKey = string;

export interface Merged<Fields> {
  readonly fields: Fields;
  /** The greatest order key merged so far, whether or not it changed anything. */
  readonly source: OrderKey;
  /**
   * The keys of those non-null fields that an older event set, and of fields that are new: see
   * the trait `isNew` of model/declare.ts. Of fields that this release does not know they stay as they are.
   */
  readonly older: Partial<Record<keyof Fields & string, OrderKey>>;
}

export interface MergeOutcome<Fields> extends Merged<Fields> {
  /** The fields whose value is another than before, empty where the event brought no news. */
  readonly changed: readonly (keyof Fields & string)[];
}

const none: ReadonlySet<string> = new Set();

/**
 * What one event alone says.
 * @param isNew the fields that keep a key of their own
 */
export function firstSighting<Fields extends object>(
  fields: Fields,
  source: OrderKey,
  isNew = none,
): Merged<Fields> {
  const older: Merged<Fields>["older"] = {};
  for (const name of Object.keys(fields) as (keyof Fields & string)[])
    if (isNew.has(name) && fields[name] !== null) older[name] = source;
  return { fields, source, older };
}

/**
 * Merges what an event says (`incoming` under `key`) into what is known. Pure; commutative, associative and
 * idempotent.
 * @param isNew the fields that keep a key of their own
 */
export function merge<Fields extends object>(
  current: Merged<Fields>,
  incoming: Fields,
  key: OrderKey,
  isNew = none,
): MergeOutcome<Fields> {
  type Name = keyof Fields & string;
  const source = key > current.source ? key : current.source;
  const fields = { ...current.fields };
  const older: Partial<Record<Name, OrderKey>> = {};
  for (const name of Object.keys(current.older) as Name[])
    if (!(name in incoming)) older[name] = current.older[name];
  const changed: Name[] = [];
  for (const name of Object.keys(incoming) as Name[]) {
    const known = current.fields[name];
    const knownKey = known === null ? "" : (current.older[name] ?? current.source);
    const takes = incoming[name] !== null && key > knownKey;
    if (takes && incoming[name] !== known) {
      fields[name] = incoming[name];
      changed.push(name);
    }
    const fieldKey = takes ? key : knownKey;
    if (fieldKey !== "" && (fieldKey !== source || isNew.has(name))) older[name] = fieldKey;
  }
  return { fields, source, older, changed };
}

/**
 * The order of events within one session: precedence, then the envelope's `created_at` (the receipt time
 * where absent), then the order of receipt, which the event's id (UUIDv7) carries.
 */
export function sessionOrderKey(event: EventOrder): OrderKey {
  return `${event.precedence}|${event.at}|${event.id}`;
}

/**
 * The order of the versions of one message: its own `updated_at` at microseconds first (absent is oldest),
 * then as in its session.
 */
export function messageOrderKey(updatedAt: string | null, sessionKey: OrderKey): OrderKey {
  // A space sorts before every digit.
  return `${updatedAt ?? " "}|${sessionKey}`;
}

/**
 * The order of the contents of one agent version across sessions: time first, since there is no lifecycle
 * across sessions.
 */
export function revisionOrderKey(event: EventOrder): OrderKey {
  return `${event.at}|${event.precedence}|${event.id}`;
}

export interface EventOrder {
  /** The precedence of the event's type, of two digits: see session-event.ts. */
  readonly precedence: number;
  /** The envelope's `created_at`, else the receipt time, as DATETIME(6) text. */
  readonly at: string;
  /** The raw event's id, a UUIDv7: its order is the order of receipt. */
  readonly id: string;
}
