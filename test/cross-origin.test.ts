import { expect, it } from "vitest";
import { startService } from "./support/service.js";

it("lets pages of listed origins read what answers say beside their bodies", async () => {
  const origin = "https://app.example.com";
  const service = await startService({ CORS_ORIGINS: origin });
  const response = await fetch(`${service.url}/export/sessions.ndjson`, { headers: { Origin: origin } });
  await response.text();
  expect(response.headers.get("access-control-allow-origin")).toBe(origin);
  const exposed = (response.headers.get("access-control-expose-headers") ?? "").toLowerCase().split(",");
  expect(exposed).toEqual(expect.arrayContaining(["retry-after", "www-authenticate", "x-export-cursor"]));
  await service.stop();
});

it.each(["https://app.example.com", "https://app.example.com,https://other.example.com", "*"])(
  "says the same to a posted operation as to every other request: CORS_ORIGINS=%s",
  async (origins) => {
    const service = await startService({ CORS_ORIGINS: origins });
    const saidTo = async (path: string, method: string, origin: string | undefined) => {
      const headers = {
        "Content-Type": "application/json",
        "Apollo-Require-Preflight": "1",
        ...(origin !== undefined && { Origin: origin }),
      };
      const body = method === "POST" ? JSON.stringify({ query: "{ __typename }" }) : undefined;
      const response = await fetch(`${service.url}${path}`, { method, headers, ...(body && { body }) });
      await response.text();
      return Array.from(response.headers).filter(([name]) => /^(?:access-control-|vary$)/.test(name));
    };
    for (let time = 0; time < 2; time += 1)
      for (const origin of [undefined, "", "null", "https://app.example.com", "https://evil.example.com"])
        expect(await saidTo("/graphql", "POST", origin)).toEqual(
          await saidTo("/graphql?query={__typename}", "GET", origin),
        );
    await service.stop();
  },
);
