import { ConnectionLostError, GraphqlError, type GraphqlErrorItem } from "./errors.js";
import type { Tokens } from "./tokens.js";
import type { OperationRequest } from "./transport.js";

/** What sends requests: `fetch`, unless another is given. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** How the service is reached over HTTP. */
export interface HttpSettings {
  /** The address of /graphql. */
  readonly url: string;
  readonly tokens: Tokens;
  readonly fetch: Fetch;
}

/**
 * Posts an operation. A token that is refused is forgotten.
 * @throws ConnectionLostError where nothing answers
 */
export async function post(
  url: string,
  request: OperationRequest,
  {
    tokens,
    fetch,
    accept,
    signal,
  }: Omit<HttpSettings, "url"> & {
    readonly accept: string;
    readonly signal: AbortSignal;
  },
): Promise<Response> {
  const token = await tokens.current(signal);
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: {
        "Content-Type": "application/json",
        Accept: accept,
        ...(token !== undefined && { Authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify(request),
      signal,
    });
    if (response.status === 401) tokens.forget(token);
    return response;
  } catch (cause) {
    throw new ConnectionLostError("The service cannot be reached.", false, { cause });
  }
}

/** The errors of an answer that is no result. */
export async function refusalOf(response: Response): Promise<Error> {
  const retryAfter = Number(response.headers.get("Retry-After") ?? Number.NaN);
  const body = (await response.json().catch(() => undefined)) as { errors?: GraphqlErrorItem[] } | undefined;
  if (body?.errors?.[0] === undefined)
    return new ConnectionLostError(`The answer is HTTP ${response.status}, and not the service's.`);
  return new GraphqlError(body.errors, undefined, Number.isNaN(retryAfter) ? undefined : retryAfter);
}
