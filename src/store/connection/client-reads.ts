import { ClientReader, type OperationOptions } from "./client-reader.js";
import type { Database } from "../database.js";
import { FairQueue, type Place } from "./fair-queue.js";
import { Gatherings } from "./gatherings.js";
import type { Scope } from "../readers/scope.js";

/** Who asks: what runs at once is bounded for each caller, and for each organization. */
export interface Asker {
  readonly id: string;
  readonly scope: Scope;
}

/** Statements of one caller that may wait. */
const mostWaiting = 1_000;

/**
 * Divides the reading pool among clients. Of its N connections, subscriptions have a quarter and everything
 * else the rest. The statements of one organization take a quarter of N at the most, those of one caller one
 * less; the rest wait, and callers take turns. Where a caller's statements have been quick of late, both are
 * twice as much, as long as a quarter of N stays free for all others.
 */
export class ClientReads {
  private readonly queue = new FairQueue(mostWaiting);
  private readonly gatherings = new WeakMap<Asker, Gatherings>();

  constructor(private readonly database: Database) {}

  /** Statements that wait for their turn. */
  get waiting(): number {
    return this.queue.waiting;
  }

  /** Reads for one operation of a caller. What it has not begun to read when it is over is never read. */
  forOperation(caller: Asker, options: OperationOptions = {}): ClientReader {
    return this.readerAt(this.placeOf(caller), options, this.gatheringsOf(caller));
  }

  private gatheringsOf(caller: Asker): Gatherings {
    const known =
      this.gatherings.get(caller) ??
      new Gatherings((isGone) => this.readerAt(this.placeOf(caller), { isGone }));
    this.gatherings.set(caller, known);
    return known;
  }

  /**
   * Reads for subscribers, who share what is read of one organization: nobody's leaving ends it. Where others
   * keep it from its turn, that is an UnavailableError always: what was not told is told later.
   */
  forSubscribers(scope: Scope): ClientReader {
    const { live } = this.shares;
    const tenant = `live ${tenantOf(scope, "all")}`;
    return this.readerAt(
      {
        line: tenant,
        bounds: [
          { key: tenant, most: Math.max(1, live - 1) },
          { key: "live", most: live },
        ],
        isShared: true,
      },
      { isTimedAsWhole: false },
    );
  }

  private readerAt(place: Place, options: OperationOptions, gatherings?: Gatherings): ClientReader {
    return new ClientReader(
      this.database,
      (task, milliseconds) => this.queue.run(place, task, milliseconds),
      options,
      gatherings,
    );
  }

  private placeOf({ id, scope }: Asker): Place {
    const { queries, tenant } = this.shares;
    const bounds = (ofTenant: number, ofAll: number) => [
      { key: `caller ${id}`, most: Math.max(1, ofTenant - 1) },
      { key: `tenant ${tenantOf(scope, id)}`, most: ofTenant },
      { key: "queries", most: ofAll },
    ];
    return {
      line: `caller ${id}`,
      bounds: bounds(tenant, queries),
      whenQuick: bounds(tenant * 2, queries - tenant),
    };
  }

  private get shares() {
    const connections = this.database.readConnections;
    const quarter = Math.max(1, Math.floor(connections / 4));
    return { live: quarter, tenant: quarter, queries: Math.max(1, connections - quarter) };
  }
}

function tenantOf(scope: Scope, ofAll: string): string {
  return scope.kind === "all" ? ofAll : scope.organizationId;
}
