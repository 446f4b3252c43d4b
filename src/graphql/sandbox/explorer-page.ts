import { randomBytes } from "node:crypto";
import type { ApolloServerPlugin } from "@apollo/server";
import type { Explorer } from "../../config.js";
import { sandboxDocument } from "./sandbox-document.js";

const cdn = "https://embeddable-sandbox.cdn.apollographql.com";
const frame = "https://sandbox.embed.apollographql.com";
/** How long Apollo's CDN may take before GraphiQL opens instead. */
const cdnMilliseconds = 5_000;

/**
 * The page that a browser gets at /graphql: Apollo Sandbox, opened with worked examples, or GraphiQL, which
 * is served at /explorer from our own files. Apollo's own landing page cannot be told where subscriptions are
 * served, hence this one; its script comes from Apollo's CDN, as theirs does.
 */
export function explorerPlugin(explorer: Explorer): ApolloServerPlugin {
  const html = () => Promise.resolve(explorer === "graphiql" ? graphiqlPage : sandboxPage(explorer));
  return {
    serverWillStart: () => Promise.resolve({ renderLandingPage: () => Promise.resolve({ html }) }),
  };
}

/** Where GraphiQL is, seen from /graphql: a path prefix before both stays. */
const graphiqlPath = "./explorer";

const graphiqlPage = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta http-equiv="refresh" content="0; url=${graphiqlPath}" />
    <title>Conversation Agent API</title>
  </head>
  <body><a href="${graphiqlPath}">GraphiQL</a></body>
</html>`;

/**
 * Apollo Sandbox. Where its script cannot be loaded, GraphiQL opens instead, unless the setting or the
 * address (`?explorer=sandbox`) asks for Sandbox.
 */
function sandboxPage(explorer: Explorer): string {
  const nonce = randomBytes(16).toString("base64");
  // As on Apollo's own landing page: styles by nonce only, which is why Sandbox is told to set none itself.
  const policy = [
    `script-src 'nonce-${nonce}' ${cdn}`,
    `style-src 'nonce-${nonce}' ${cdn} https://fonts.googleapis.com`,
    `frame-src ${frame}`,
    "img-src 'self' data: https:",
    "object-src 'none'",
    "base-uri 'none'",
  ].join("; ");
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta http-equiv="Content-Security-Policy" content="${policy}" />
    <title>Conversation Agent API: Apollo Sandbox</title>
    <style nonce="${nonce}">
      body { margin: 0; overflow: hidden; font-family: sans-serif; display: flex; flex-direction: column; height: 100vh }
      header { display: flex; gap: 1.5em; padding: .4em 1em }
      header a { margin-left: auto }
      #sandbox { flex: 1 }
      #sandbox > p { padding: 2em }
      iframe { width: 100%; height: 100%; border: 0; background-color: white }
    </style>
  </head>
  <body>
    <header><strong>Apollo Sandbox</strong> <a href="${graphiqlPath}">GraphiQL (from this service)</a></header>
    <main id="sandbox"><p>Apollo Sandbox is loaded from the internet …</p></main>
    <script nonce="${nonce}">
      const isForced = ${String(explorer === "sandbox")} || new URLSearchParams(location.search).get("explorer") === "sandbox";
      const endpoint = new URL(location.pathname, location.href);
      const subscriptions = new URL(endpoint);
      subscriptions.protocol = location.protocol === "https:" ? "wss:" : "ws:";
      const giveUp = () => {
        if (window.EmbeddedSandbox) return;
        if (isForced) document.querySelector("#sandbox > p").textContent = "Apollo Sandbox cannot be reached.";
        else location.replace("${graphiqlPath}");
      };
      const script = document.createElement("script");
      script.src = "${cdn}/v2/embeddable-sandbox.umd.production.min.js";
      script.addEventListener("error", giveUp);
      script.addEventListener("load", () => {
        document.getElementById("sandbox").replaceChildren();
        new window.EmbeddedSandbox({
          target: "#sandbox",
          initialEndpoint: endpoint.href,
          initialSubscriptionEndpoint: subscriptions.href,
          allowDynamicStyles: false,
          runTelemetry: false,
          initialState: { document: ${scriptText(sandboxDocument)}, pollForSchemaUpdates: false },
        });
      });
      setTimeout(giveUp, ${cdnMilliseconds});
      document.head.append(script);
    </script>
  </body>
</html>`;
}

/** JSON that no text in it can end the script element with. */
function scriptText(text: string): string {
  return JSON.stringify(text).replaceAll("<", "\\u003c");
}
