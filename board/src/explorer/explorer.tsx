import { GraphiQL } from "graphiql";
import { useMemo, useState } from "react";
import { sandboxDocument } from "../../../src/graphql/sandbox/sandbox-document.js";
import { heldKey, holdKey } from "../service.js";
import { createFetcher } from "./fetcher.js";

/** GraphiQL from the service's own files, with the worked operations, and a field for the key. */
export function Explorer() {
  const [key, setKey] = useState(heldKey);
  const fetcher = useMemo(() => createFetcher(key), [key]);
  return (
    <>
      <header className="explorer-head">
        <strong>GraphiQL</strong>
        <label>
          API key or token
          <input
            type="password"
            autoComplete="off"
            placeholder="none"
            defaultValue={key ?? ""}
            onBlur={(event) => {
              const typed = event.target.value.trim();
              const next = typed === "" ? undefined : typed;
              if (next === key) return;
              holdKey(next);
              setKey(next);
            }}
          />
        </label>
        <nav aria-label="Others">
          <a href="./graphql?explorer=sandbox">Apollo Sandbox (from the internet)</a> <a href="./">Board</a>
        </nav>
      </header>
      <main className="explorer">
        {/* With another fetcher it reads the schema anew. */}
        <GraphiQL fetcher={fetcher} defaultQuery={sandboxDocument} />
      </main>
    </>
  );
}
