/** A question that is asked again and again. */
export interface ReadRequest {
  readonly path: string;
  /** JSON. */
  readonly body: string;
}

/** What the load generator is asked to do. */
export type LoadOrder = { readonly url: string; readonly concurrency: number } & (
  | { readonly kind: "ingest"; readonly sessions: number; readonly round: number }
  | { readonly kind: "seed"; readonly sessions: number }
  | { readonly kind: "read"; readonly request: ReadRequest; readonly seconds: number }
);

/** What it measured: milliseconds from sending a request to having its answer. */
export interface LoadResult {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly requests: number;
  readonly failed: number;
}
