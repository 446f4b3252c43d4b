import { Client, fetchExchange, gql, subscriptionExchange } from "@urql/core";
import { createClient } from "graphql-ws";
import type { AnalyzedEvent, WatchOptions } from "./apollo-client.js";
import { findEndAt, resume } from "./resume.js";

const analyzed = gql`
  subscription ($after: Cursor) {
    sessionAnalyzed(after: $after) {
      cursor
      session {
        id
        chatSummary
        userSentiment
      }
    }
  }
`;

/** Every analyzed session, once and in order, with urql. @returns how to leave */
export function watchWithUrql({ url, store, onEvent, onExpired, webSocketImpl }: WatchOptions): () => void {
  // graphql-ws must not retry by itself: it would repeat the subscription with its old cursor.
  const socket = createClient({ url, webSocketImpl, retryAttempts: 0 });
  const leave = resume<AnalyzedEvent>({
    store,
    findEnd: () => findEndAt(url),
    onEvent,
    onExpired,
    subscribe: (after, next, ended) => {
      const client = new Client({
        url: url.replace(/^ws/, "http"),
        preferGetMethod: false,
        exchanges: [
          fetchExchange,
          subscriptionExchange({
            forwardSubscription: ({ query = "", variables }) => ({
              subscribe: (sink) => ({
                unsubscribe: socket.subscribe(
                  { query, variables: variables as Record<string, unknown> },
                  {
                    next: ({ data, errors }) => {
                      if (data) sink.next({ data });
                      else ended(errors);
                    },
                    error: ended,
                    complete: ended,
                  },
                ),
              }),
            }),
          }),
        ],
      });
      const subscription = client
        .subscription<{ sessionAnalyzed: AnalyzedEvent }>(analyzed, { after })
        .subscribe(({ data }) => {
          if (data) next(data.sessionAnalyzed);
        });
      return () => {
        subscription.unsubscribe();
      };
    },
  });
  return () => {
    leave();
    void socket.dispose();
  };
}
