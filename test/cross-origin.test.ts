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
