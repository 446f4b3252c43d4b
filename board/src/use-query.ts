import { GraphqlError, type TypedDocument } from "conversation-agent-client";
import { useEffect, useState } from "react";
import type { Service } from "./service.js";

/** What a query gave so far. */
export interface Asked<Data> {
  /** What was read; while it is asked anew with the same variables, what was read before. */
  readonly data: Data | undefined;
  readonly error: unknown;
}

interface Options {
  /** Asks again so often; less often where the answer takes long. */
  readonly everyMilliseconds?: number;
  /** Asks again when it changes. */
  readonly revision?: string;
  /** Does not ask at all. */
  readonly isSkipped?: boolean;
}

/**
 * The pause is at least so many times what the answer took: a board costs a slow service 5 % of one query.
 */
const restPerAnswer = 20;

/** Queries, and queries again; what is on its way when the component leaves is forgotten. */
export function useQuery<Data, Variables extends object>(
  service: Service,
  document: TypedDocument<Data, Variables>,
  variables: Variables,
  { everyMilliseconds, revision = "", isSkipped = false }: Options = {},
): Asked<Data> {
  const key = JSON.stringify(variables);
  const [state, setState] = useState<Asked<Data> & { readonly service: Service; readonly key: string }>({
    service,
    key,
    data: undefined,
    error: undefined,
  });
  useEffect(() => {
    if (isSkipped) return undefined;
    const left = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = async () => {
      const from = performance.now();
      try {
        // The key is what the effect depends on; an object would be another at each rendering.
        const data = await service.client.query(
          document as TypedDocument<Data, object>,
          JSON.parse(key) as object,
          {
            signal: left.signal,
          },
        );
        if (!left.signal.aborted) setState({ service, key, data, error: undefined });
      } catch (error) {
        if (left.signal.aborted) return;
        const data = error instanceof GraphqlError ? (error.data as Data | null | undefined) : undefined;
        setState((last) => {
          const isSame = last.service === service && last.key === key;
          return { service, key, data: data ?? (isSame ? last.data : undefined), error };
        });
      }
      if (left.signal.aborted || everyMilliseconds === undefined) return;
      const rest = Math.max(everyMilliseconds, (performance.now() - from) * restPerAnswer);
      timer = setTimeout(() => void ask(), rest);
    };
    void ask();
    return () => {
      left.abort();
      clearTimeout(timer);
    };
  }, [service, document, key, everyMilliseconds, revision, isSkipped]);
  // Another key may read something else, or nothing.
  const isOurs = state.service === service && state.key === key;
  return isOurs ? state : { data: undefined, error: undefined };
}
