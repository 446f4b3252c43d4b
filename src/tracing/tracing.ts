/** They hold no personal data: names, ids and counts only. */
export type SpanAttributes = Readonly<Record<string, string | number | undefined>>;

/** What a span is about. */
export interface SpanDescription {
  readonly name: string;
  readonly kind?: "server" | "client" | "producer" | "internal";
  readonly attributes?: SpanAttributes;
  /**
   * Continues the trace of an event's delivery, on any instance. Without it, a span is a child of the one
   * that is active.
   */
  readonly eventId?: string;
  /** The `traceparent` that a client has sent, whose trace goes on. */
  readonly traceparent?: string | undefined;
  /** Milliseconds since 1970, where it began before. */
  readonly startedAt?: number;
}

/** The root of an event's trace. */
export interface DeliveryDescription extends Pick<SpanDescription, "name" | "attributes"> {
  readonly eventId: string;
  /** The `traceparent` of the sender: linked, as an event's trace has the event's own id. */
  readonly traceparent: string | undefined;
}

/**
 * Tells what happens as traces. It exists where tracing is on; where it is off, callers have `undefined` in
 * its place, and nothing of OpenTelemetry is loaded.
 *
 * The trace of an event has the event's id (a UUID is as long as a trace id), so that every instance which
 * meets the event in the feed continues the same trace, and nothing need be stored or announced for that.
 */
export interface Tracing {
  /**
   * Runs work as a span, active within it; within a trace that was not sampled, as it is. An error ends the
   * span as failed, with the error's code alone.
   */
  span<Result>(description: SpanDescription, work: () => Promise<Result>): Promise<Result>;
  /** Tells a moment of the span that is active, where that one is sampled. */
  event(name: string, attributes: SpanAttributes): void;
  /** Runs work as the root of an event's trace. */
  delivery<Result>(description: DeliveryDescription, work: () => Promise<Result>): Promise<Result>;
  /** @returns the function, which runs within the span that is active now, whoever calls it */
  bind<Parameters extends readonly unknown[], Result>(
    run: (...parameters: Parameters) => Result,
  ): (...parameters: Parameters) => Result;
  /** The trace that is active, if any. */
  activeTraceId(): string | undefined;
  /** Whether a trace is active that was sampled: of others nothing is kept. */
  isRecording(): boolean;
  /** Exports what was not exported yet. */
  stop(): Promise<void>;
}

/** The id of an event's trace. */
export function traceIdOf(eventId: string): string {
  return eventId.replaceAll("-", "");
}
