import { randomBytes } from "node:crypto";
import type { ApolloServerPlugin } from "@apollo/server";
import { sandboxDocument } from "./sandbox-document.js";

const cdn = "https://embeddable-sandbox.cdn.apollographql.com";
const frame = "https://sandbox.embed.apollographql.com";

/**
 * The page that a browser gets at /graphql: Apollo Sandbox, opened with worked examples. Apollo's own landing
 * page cannot be told where subscriptions are served, hence this one; its script comes from Apollo's CDN, as
 * theirs does.
 */
export function sandboxPlugin(): ApolloServerPlugin {
  return {
    serverWillStart: () =>
      Promise.resolve({
        renderLandingPage: () => Promise.resolve({ html: () => Promise.resolve(sandboxPage()) }),
      }),
  };
}

function sandboxPage(): string {
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
      body { margin: 0; overflow: hidden; font-family: sans-serif }
      #sandbox { position: absolute; inset: 0; width: 100vw; height: 100vh }
      #sandbox > p { padding: 2em }
      iframe { width: 100%; height: 100%; border: 0; background-color: white }
    </style>
  </head>
  <body>
    <div id="sandbox"><p>Apollo Sandbox is loaded from the internet. Offline, use any GraphQL client with this address.</p></div>
    <script nonce="${nonce}" src="${cdn}/v2/embeddable-sandbox.umd.production.min.js"></script>
    <script nonce="${nonce}">
      const endpoint = new URL(location.pathname, location.href);
      const subscriptions = new URL(endpoint);
      subscriptions.protocol = location.protocol === "https:" ? "wss:" : "ws:";
      if (window.EmbeddedSandbox) {
        document.getElementById("sandbox").replaceChildren();
        new window.EmbeddedSandbox({
          target: "#sandbox",
          initialEndpoint: endpoint.href,
          initialSubscriptionEndpoint: subscriptions.href,
          allowDynamicStyles: false,
          runTelemetry: false,
          initialState: { document: ${scriptText(sandboxDocument)}, pollForSchemaUpdates: false },
        });
      }
    </script>
  </body>
</html>`;
}

/** JSON that no text in it can end the script element with. */
function scriptText(text: string): string {
  return JSON.stringify(text).replaceAll("<", "\\u003c");
}
