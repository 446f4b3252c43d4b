import type { ReadByKeys, SqlReader } from "../sql/transaction.js";

/** Keys of one statement. */
const mostKeys = 50;

/** What is asked for in this turn, by whom it is. */
interface Gathering {
  readonly keys: Set<string>;
  readonly askers: (() => boolean)[];
  readonly values: Promise<ReadonlyMap<string, unknown>>;
}

/**
 * What the operations of one caller ask by a key in one turn of the event loop, they ask in one statement:
 * many at once are mostly the same operation, once for each of many things. Nothing is told that was read
 * before it was asked for.
 */
export class Gatherings {
  /** Those that are not read yet, by what is asked for. */
  private readonly open = new Map<object, Gathering>();

  /** @param readerFor reads for all askers together, until none of them waits any more */
  constructor(private readonly readerFor: (isGone: () => boolean) => SqlReader) {}

  /**
   * @param group what is asked for: with the same group everybody gives the same `read`
   * @param isGone whether nobody waits for it any more
   * @returns undefined where there is nothing of that key
   */
  async load<Value>(
    group: object,
    key: string,
    isGone: () => boolean,
    read: ReadByKeys<Value>,
  ): Promise<Value | undefined> {
    const { keys, askers, values } = this.open.get(group) ?? this.begin(group, read);
    keys.add(key);
    askers.push(isGone);
    if (keys.size >= mostKeys) this.open.delete(group);
    return (await values).get(key) as Value | undefined;
  }

  private begin(group: object, read: ReadByKeys<unknown>): Gathering {
    const keys = new Set<string>();
    const askers: (() => boolean)[] = [];
    const values = new Promise<ReadonlyMap<string, unknown>>((resolve) => {
      setImmediate(() => {
        if (this.open.get(group) === gathering) this.open.delete(group);
        resolve(
          read(
            this.readerFor(() => askers.every((isGone) => isGone())),
            [...keys],
          ),
        );
      });
    });
    const gathering = { keys, askers, values };
    this.open.set(group, gathering);
    return gathering;
  }
}
