import type { RetryOptions } from "./backoff.js";
import { textOf, type TypedDocument } from "./document.js";
import { ConnectionLostError, GraphqlError, isUnauthenticated } from "./errors.js";
import { eventStreamTransport } from "./event-stream.js";
import { type Fetch, type HttpSettings, post, refusalOf } from "./http.js";
import { follow, type LiveOptions, type LiveParts } from "./live.js";
import { feedEndQuery } from "./operations.js";
import { type PageOrEvent, queryThenLive, type QueryThenLiveOptions } from "./query-then-live.js";
import { Tokens, type TokenSource } from "./tokens.js";
import type { OperationResult, Transport } from "./transport.js";
import { socketTransport } from "./websocket.js";

/** Settings of a client. */
export interface ClientOptions {
  /** The address of the service's /graphql, such as `https://sessions.example.com/graphql`. */
  readonly url: string;
  /**
   * An API key or a JWT, or a function that gets one; it is asked again before a JWT ends, where it fails,
   * and where it takes longer than `stallMilliseconds`.
   */
  readonly token?: TokenSource;
  /** How to subscribe; by default over WebSocket where there is one, else as event streams. */
  readonly transport?: "websocket" | "event-stream";
  /** The constructor of WebSockets where there is no global one (Node 20): that of the package `ws`. */
  readonly webSocketImpl?: unknown;
  /** What sends requests; by default the global `fetch`. */
  readonly fetch?: Fetch;
  /** How long to wait after a lost connection. */
  readonly retry?: RetryOptions;
  /**
   * How long a connection may be silent before it counts as lost, in milliseconds (default 30,000). The
   * service is heard every 12 seconds at least, unless SUBSCRIPTION_KEEP_ALIVE_SECONDS says otherwise.
   */
  readonly stallMilliseconds?: number;
}

/** Options of one query. */
export interface QueryOptions {
  readonly signal?: AbortSignal;
  /** How long the answer may take, in milliseconds (default 30,000). */
  readonly timeoutMilliseconds?: number;
}

/** The arguments after an operation: its variables may be left out where none is required. */
export type Rest<Variables, Options> =
  Partial<Variables> extends Variables
    ? [variables?: Variables, options?: Options]
    : [variables: Variables, options?: Options];

/** A client of one service. */
export interface Client {
  /**
   * Runs a query.
   * @throws GraphqlError where the answer has errors; what could be read is its `data`
   * @throws ConnectionLostError where the service does not answer
   */
  query<Data, Variables extends object>(
    document: TypedDocument<Data, Variables>,
    ...rest: Rest<Variables, QueryOptions>
  ): Promise<Data>;

  /**
   * Follows a subscription: each event once and in order, through lost connections, restarts and new tokens.
   * The operation declares `$after: Cursor`, passes it on, and selects `cursor`. With a store, an event
   * counts as handled when the next one is asked for; one that was not comes again after a restart.
   * @throws GraphqlError where trying again is of no use
   */
  live<Data, Variables extends object>(
    document: TypedDocument<Data, Variables>,
    ...rest: Rest<Variables, LiveOptions>
  ): AsyncGenerator<Data, void>;

  /**
   * Queries a page, then follows everything after its `eventCursor`; where the feed does not go on, a page
   * comes again.
   */
  queryThenLive<Page, PageVariables extends object, Event, EventVariables extends object>(
    page: readonly [document: TypedDocument<Page, PageVariables>, variables: PageVariables],
    events: readonly [document: TypedDocument<Event, EventVariables>, variables: EventVariables],
    options?: QueryThenLiveOptions,
  ): AsyncGenerator<PageOrEvent<Page, Event>, void>;

  /** Ends everything that is open. */
  close(): void;
}

/** Makes a client. It connects when it is first used. */
export function createClient(options: ClientOptions): Client {
  const closed = new AbortController();
  const { stallMilliseconds = 30_000 } = options;
  const tokens = new Tokens(options.token, stallMilliseconds);
  const send: Fetch = options.fetch ?? ((url, init) => fetch(url, init));
  const http: HttpSettings = { url: options.url, tokens, fetch: send };

  const query = async <Data>(
    document: TypedDocument<Data, never>,
    variables: object = {},
    { signal, timeoutMilliseconds = 30_000 }: QueryOptions = {},
  ): Promise<Data> => {
    const signals = [closed.signal, AbortSignal.timeout(timeoutMilliseconds), ...(signal ? [signal] : [])];
    const request = { query: textOf(document), variables: { ...variables } };
    const ask = () => answerTo<Data>(http, request, AbortSignal.any(signals));
    return await ask().catch((error: unknown) => {
      if (!isUnauthenticated(error) || !tokens.canRenew) throw error;
      return ask();
    });
  };

  const parts: LiveParts = {
    transport: transportOf(options, { ...http, stallMilliseconds }),
    tokens,
    retry: options.retry,
    findEnd: async (signal) => {
      const { sessions } = await query(feedEndQuery, {}, { signal });
      if (sessions === null) throw new ConnectionLostError("The end of the feed could not be read.");
      return sessions.eventCursor;
    },
  };
  const untilClosed = (signal?: AbortSignal) =>
    signal === undefined ? closed.signal : AbortSignal.any([closed.signal, signal]);
  const live = <Data>(document: TypedDocument<Data, never>, variables: object = {}, more: LiveOptions = {}) =>
    follow<Data>(
      parts,
      { query: textOf(document), variables: { ...variables } },
      { ...more, signal: untilClosed(more.signal) },
    );

  return {
    query: (document, ...[variables, more]) => query(document, variables, more),
    live: (document, ...[variables, more]) => live(document, variables, more),
    queryThenLive: ([pageDocument, pageVariables], [eventDocument, eventVariables], more = {}) =>
      queryThenLive(
        {
          page: (signal) => query(pageDocument, pageVariables, { signal }),
          live: (liveOptions) => live(eventDocument, eventVariables, liveOptions),
          retry: options.retry,
        },
        { ...more, signal: untilClosed(more.signal) },
      ),
    close: () => {
      closed.abort();
    },
  };
}

function transportOf(
  options: ClientOptions,
  http: HttpSettings & { readonly stallMilliseconds: number },
): Transport {
  const { webSocketImpl = globalThis.WebSocket } = options;
  const transport = options.transport ?? (webSocketImpl === undefined ? "event-stream" : "websocket");
  return transport === "websocket" ? socketTransport({ ...http, webSocketImpl }) : eventStreamTransport(http);
}

async function answerTo<Data>(
  http: HttpSettings,
  request: { readonly query: string; readonly variables: Readonly<Record<string, unknown>> },
  signal: AbortSignal,
): Promise<Data> {
  const response = await post(http.url, request, { ...http, accept: "application/json", signal });
  if (!response.ok) throw await refusalOf(response);
  const { data, errors } = (await response.json().catch((cause: unknown) => {
    throw new ConnectionLostError("The answer broke off.", false, { cause });
  })) as OperationResult;
  if (errors?.[0] !== undefined) throw new GraphqlError(errors, data);
  return data as Data;
}
