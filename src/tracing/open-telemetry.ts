import { randomUUID } from "node:crypto";
import {
  type Context,
  context,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Tracer,
} from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from "@opentelemetry/resources";
import {
  BatchSpanProcessor,
  type IdGenerator,
  NodeTracerProvider,
  RandomIdGenerator,
} from "@opentelemetry/sdk-trace-node";
import {
  type DeliveryDescription,
  type SpanAttributes,
  type SpanDescription,
  traceIdOf,
  type Tracing,
} from "./tracing.js";

const kinds = {
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  internal: SpanKind.INTERNAL,
};

/** Random ids, but for the root of an event's trace. */
class EventIds implements IdGenerator {
  private readonly random = new RandomIdGenerator();
  private eventId: string | undefined;

  /** The root span that is started within has the ids of an event. */
  with<Result>(eventId: string, start: () => Result): Result {
    this.eventId = eventId;
    try {
      return start();
    } finally {
      this.eventId = undefined;
    }
  }

  generateTraceId(): string {
    return this.eventId === undefined ? this.random.generateTraceId() : traceIdOf(this.eventId);
  }

  generateSpanId(): string {
    return this.eventId === undefined ? this.random.generateSpanId() : rootSpanIdOf(this.eventId);
  }
}

/** The random half of a UUIDv7. */
function rootSpanIdOf(eventId: string): string {
  return traceIdOf(eventId).slice(16);
}

/**
 * Traces over OTLP (HTTP, JSON), set up by OpenTelemetry's standard variables: endpoint, headers, sampler,
 * resource, batches. What cannot be exported is dropped, and nobody waits for it.
 */
export class OpenTelemetryTracing implements Tracing {
  private readonly ids = new EventIds();
  private readonly provider: NodeTracerProvider;
  private readonly tracer: Tracer;

  constructor(version: string) {
    const own = resourceFromAttributes({
      "service.name": "conversation-agent-api",
      "service.version": version,
      "service.instance.id": randomUUID(),
    });
    const resource = defaultResource()
      .merge(own)
      .merge(detectResources({ detectors: [envDetector] }));
    this.provider = new NodeTracerProvider({
      resource,
      idGenerator: this.ids,
      spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
    });
    this.provider.register();
    this.tracer = this.provider.getTracer("conversation-agent-api", version);
  }

  async span<Result>(description: SpanDescription, work: () => Promise<Result>): Promise<Result> {
    const { name, kind = "internal", attributes, startedAt, eventId, traceparent } = description;
    const isNested = eventId === undefined && traceparent === undefined;
    if (isNested && trace.getActiveSpan()?.isRecording() === false) return await work();
    const parent = this.parentOf(description);
    if (eventId !== undefined && !isSampled(parent)) return await context.with(parent, work);
    const options = {
      kind: kinds[kind],
      ...(attributes && { attributes }),
      ...(startedAt && { startTime: startedAt }),
    };
    return await run(this.tracer.startSpan(name, options, parent), parent, work);
  }

  event(name: string, attributes: SpanAttributes): void {
    trace.getActiveSpan()?.addEvent(name, attributes);
  }

  async delivery<Result>(description: DeliveryDescription, work: () => Promise<Result>): Promise<Result> {
    const { name, attributes, eventId, traceparent } = description;
    const sender = traceparent === undefined ? undefined : trace.getSpanContext(fromTraceparent(traceparent));
    const span = this.ids.with(eventId, () =>
      this.tracer.startSpan(name, {
        root: true,
        kind: SpanKind.SERVER,
        ...(attributes && { attributes }),
        links: sender === undefined ? [] : [{ context: sender }],
      }),
    );
    return await run(span, ROOT_CONTEXT, work);
  }

  bind<Parameters extends readonly unknown[], Result>(
    bound: (...parameters: Parameters) => Result,
  ): (...parameters: Parameters) => Result {
    return context.bind(context.active(), bound);
  }

  activeTraceId(): string | undefined {
    return trace.getActiveSpan()?.spanContext().traceId;
  }

  isRecording(): boolean {
    return trace.getActiveSpan()?.isRecording() ?? false;
  }

  async stop(): Promise<void> {
    await this.provider.shutdown().catch(() => undefined);
  }

  private parentOf({ eventId, traceparent }: SpanDescription): Context {
    if (eventId !== undefined) return this.contextOf(eventId);
    return traceparent === undefined ? context.active() : fromTraceparent(traceparent);
  }

  /** The context of a delivery that any instance took: with the same settings all of them sample alike. */
  private contextOf(eventId: string): Context {
    // Not ended, it is never exported.
    const probe = this.ids.with(eventId, () => this.tracer.startSpan("", { root: true }));
    const traceFlags = probe.isRecording() ? TraceFlags.SAMPLED : TraceFlags.NONE;
    return trace.setSpanContext(ROOT_CONTEXT, {
      traceId: traceIdOf(eventId),
      spanId: rootSpanIdOf(eventId),
      traceFlags,
      isRemote: true,
    });
  }
}

function isSampled(of: Context): boolean {
  const { traceFlags = TraceFlags.NONE } = trace.getSpanContext(of) ?? {};
  return (traceFlags & TraceFlags.SAMPLED) !== 0;
}

function fromTraceparent(traceparent: string): Context {
  return propagation.extract(ROOT_CONTEXT, { traceparent });
}

async function run<Result>(span: Span, parent: Context, work: () => Promise<Result>): Promise<Result> {
  try {
    return await context.with(trace.setSpan(parent, span), work);
  } catch (error) {
    span.setStatus({ code: SpanStatusCode.ERROR });
    span.setAttribute("error.type", typeOf(error));
    throw error;
  } finally {
    span.end();
  }
}

/** No message: a driver's may quote values. */
function typeOf(error: unknown): string {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  if (typeof code === "string") return code;
  return error instanceof Error ? error.name : "unknown";
}
