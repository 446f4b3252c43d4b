/**
 * How instances tell each other that the feed has moved. Only a position is told, and it is a hint: every
 * instance reads the rows from the database, so a lost, repeated or wrong announcement costs time, never an
 * event. Redis is one carrier; another (NATS, say) implements the same.
 */
export interface Announcements {
  /** What carries them, in the attributes that OpenTelemetry has for it. */
  readonly carrier: Readonly<Record<string, string>>;
  /** Never throws and never waits: what cannot be sent now is not sent. */
  send(head: number): void;
  onMessage(listener: (head: number) => void): void;
  stop(): Promise<void>;
}

/** One instance alone, or several that find each other's changes by polling. */
export const noAnnouncements: Announcements = {
  carrier: {},
  send: () => undefined,
  onMessage: () => undefined,
  stop: () => Promise.resolve(),
};
