import { ApolloClient, gql, InMemoryCache } from "@apollo/client";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { createClient } from "graphql-ws";
import { type CursorStore, findEndAt, resume } from "./resume.js";

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

export interface AnalyzedEvent {
  readonly cursor: string;
  readonly session: {
    readonly id: string;
    readonly chatSummary: string | null;
    readonly userSentiment: string | null;
  };
}

export interface WatchOptions {
  /** Such as `ws://localhost:4000/graphql`. */
  readonly url: string;
  readonly store: CursorStore;
  readonly onEvent: (event: AnalyzedEvent) => void;
  readonly onExpired: () => void;
  /** Node 20 has no WebSocket of its own; browsers and Node 22 need none. */
  readonly webSocketImpl?: unknown;
}

/** Every analyzed session, once and in order, with Apollo Client. @returns how to leave */
export function watchWithApolloClient({
  url,
  store,
  onEvent,
  onExpired,
  webSocketImpl,
}: WatchOptions): () => void {
  // graphql-ws must not retry by itself: it would repeat the subscription with its old cursor.
  const socket = createClient({ url, webSocketImpl, retryAttempts: 0 });
  const client = new ApolloClient({ link: new GraphQLWsLink(socket), cache: new InMemoryCache() });
  const leave = resume<AnalyzedEvent>({
    store,
    findEnd: () => findEndAt(url),
    onEvent,
    onExpired,
    subscribe: (after, next, ended) => {
      const subscription = client
        .subscribe<{ sessionAnalyzed: AnalyzedEvent }>({
          query: analyzed,
          variables: { after },
          fetchPolicy: "no-cache",
        })
        .subscribe({
          next: ({ data, error }) => {
            if (data) next(data.sessionAnalyzed);
            else ended(error);
          },
          error: ended,
          complete: ended,
        });
      return () => {
        subscription.unsubscribe();
      };
    },
  });
  return () => {
    leave();
    client.stop();
    void socket.dispose();
  };
}
