import { Counter, Histogram, type Registry } from "prom-client";
import { BoundedLabels } from "./bounded-labels.js";
import { seconds } from "./buckets.js";

export type OperationTransport = "http" | "websocket" | "event_stream" | "export";

/** An operation that was answered or refused. */
export interface ObservedOperation {
  readonly transport: OperationTransport;
  readonly operation: string;
  /** As the client calls itself. */
  readonly client: string;
  /** Undefined for a subscription that ends later than its beginning was observed. */
  readonly milliseconds: number | undefined;
  /** The codes of its errors. */
  readonly codes: readonly string[];
}

const mostOperations = 50;
const mostClients = 20;
const mostCodes = 30;

/** Metrics of the operations that clients ask for. */
export class OperationMetrics {
  private readonly duration: Histogram;
  private readonly clients: Counter;
  private readonly errors: Counter;
  private readonly deprecated: Counter;
  private readonly operationLabels = new BoundedLabels(mostOperations);
  private readonly clientLabels = new BoundedLabels(mostClients);
  private readonly codeLabels = new BoundedLabels(mostCodes);

  constructor(registry: Registry) {
    const registers = [registry];
    this.duration = new Histogram({
      name: "graphql_operation_seconds",
      help: "Time of an operation or export until its answer is written; of a subscription until it is open.",
      labelNames: ["operation", "transport", "result"],
      buckets: seconds,
      registers,
    });
    this.clients = new Counter({
      name: "graphql_client_operations_total",
      help: "Operations by the client that asked for them.",
      labelNames: ["client", "operation"],
      registers,
    });
    this.errors = new Counter({
      name: "graphql_operation_errors_total",
      help: "Operations that were refused or had errors, once for each error code.",
      labelNames: ["operation", "code"],
      registers,
    });
    this.deprecated = new Counter({
      name: "graphql_deprecated_uses_total",
      help: "Operations that use a deprecated field, argument, input field or enum value.",
      labelNames: ["element", "client"],
      registers,
    });
  }

  finished({ transport, operation, client, milliseconds, codes }: ObservedOperation): void {
    const name = this.operationLabels.admit(operation);
    for (const code of new Set(codes))
      this.errors.inc({ operation: name, code: this.codeLabels.admit(code) });
    if (milliseconds === undefined) return;
    const result = codes.length === 0 ? "ok" : "error";
    this.duration.observe({ operation: name, transport, result }, milliseconds / 1_000);
    this.clients.inc({ client: this.clientLabels.admit(client), operation: name });
  }

  /** Refused before it was known which operation was asked for. */
  refused(code: string): void {
    this.errors.inc({ operation: "none", code: this.codeLabels.admit(code) });
  }

  /** @param element its place in the schema, such as `Session.field` */
  usedDeprecated(element: string, client: string): void {
    this.deprecated.inc({ element, client: this.clientLabels.admit(client) });
  }
}
