import "reflect-metadata";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TestService } from "../support/service.js";
import { contactsTexts, eventOf, organizationA, startWithReaders } from "../support/callers.js";

const secrets = [...contactsTexts, "User: job"];

const formats = ["sessions.ndjson", "sessions.csv"];

describe("an export for a masked reader", () => {
  let service: TestService;
  let masked: { Authorization: string };
  let reader: { Authorization: string };
  beforeAll(async () => {
    ({ service, masked, reader } = await startWithReaders());
    const event = await eventOf(organizationA, "a1");
    event.data.chat_summary = `${String(event.data.chat_summary)} Reached at +13237452021 and ann@example.org, by +12136991845.`;
    event.data.custom_analysis_data = {
      Heard_from: "word of mouth",
      Phone: 5551234567,
      Years: 7,
      Wants: true,
    };
    expect((await service.post(event)).status).toBe(200);
  });
  afterAll(async () => {
    await service.stop();
  });

  const exportOf = (format: string, headers: Record<string, string>, filter?: object) =>
    fetch(
      `${service.url}/export/${format}?${new URLSearchParams(filter && { filter: JSON.stringify(filter) }).toString()}`,
      { headers },
    );

  it.each(formats)(
    "has the session in %s, and neither addresses, nor texts, nor free-text answers",
    async (format) => {
      const seenByReader = await (await exportOf(format, reader)).text();
      for (const secret of secrets) expect(seenByReader).toContain(secret);
      const response = await exportOf(format, masked);
      expect(response.status).toBe(200);
      const text = await response.text();
      expect(text).toContain("a1d8d3f6");
      for (const secret of secrets) expect(text).not.toContain(secret);
    },
  );

  it("keeps what is not personal, and leaves the rest empty", async () => {
    const text = await (await exportOf("sessions.ndjson", masked)).text();
    expect(JSON.parse(text)).toMatchObject({
      status: "ANALYZED",
      messageCount: 2,
      chatSummary: null,
      chatTranscript: null,
      translatedChatTranscript: null,
      customAnalysisData: { Heard_from: null, Phone: null, Years: 7, Wants: true },
    });
  });

  it.each(
    formats.flatMap((format) =>
      [
        { chatSummary: { contains: "inquired" } },
        { not: { chatTranscript: { null: true } } },
        { or: [{ id: { null: false } }, { translatedChatTranscript: { startsWith: "x" } }] },
        { messages: { some: { from: { startsWith: "+1" } } } },
        { messages: { none: { body: { contains: "job" } } } },
        { search: "inquired" },
        { answers: [{ name: "Heard_from", string: { eq: "word of mouth" } }] },
      ].map((filter) => [format, JSON.stringify(filter), filter] as const),
    ),
  )("of %s cannot ask for %s", async (format, _name, filter) => {
    const response = await exportOf(format, masked, filter);
    expect(response.status).toBe(403);
    const text = await response.text();
    expect(text).toContain('"title":"FORBIDDEN"');
    expect(text).not.toContain("a1d8d3f6");
    expect((await exportOf(format, reader, filter)).status).toBe(200);
  });
});
