import { createClient, sessionEventsSubscription } from "conversation-agent-client";
import { useLive, useSessions } from "conversation-agent-client/react";
import { createRoot } from "react-dom/client";

const client = createClient({ url: new URL("/graphql", location.href).href });

function Page() {
  const { sessions, state } = useSessions(client, { filter: { status: { eq: "ANALYZED" } } });
  const { events } = useLive(client, sessionEventsSubscription, {}, { limit: 3 });
  return (
    <main>
      <h1>Analyzed sessions ({state})</h1>
      <p>Latest: {events.map(({ sessionEvents: { type } }) => type.toLowerCase()).join(", ")}</p>
      <ol>
        {sessions.map(({ id, agent, userSentiment, chatSummary }) => (
          <li key={id} data-session={id}>
            {agent?.name}: {userSentiment}. {chatSummary}
          </li>
        ))}
      </ol>
    </main>
  );
}

const root = document.getElementById("root");
if (root !== null) createRoot(root).render(<Page />);
