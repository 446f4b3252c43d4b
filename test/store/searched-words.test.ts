import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sample, startService, type TestService } from "../support/service.js";

/** A text, the words that find it, and words that do not. */
const texts: readonly (readonly [text: string, found: readonly string[], missed?: readonly string[]])[] = [
  ["Łukasz Wałęsa", ["lukasz", "walesa", "Łukasz"]],
  ["Đặng Thị Hương", ["dang", "huong", "đặng"]],
  ["Þórður", ["thordur", "þórður"]],
  ["Ærø Œuvre Ħamrun", ["aero", "oeuvre", "hamrun"]],
  ["Müller Straße", ["muller", "strasse", "STRASSE"]],
  ["مُحَمَّد العلي", ["محمد", "علي", "العلي"]],
  ["أحمد إبراهيم آل", ["احمد", "ابراهيم"]],
  ["مصطفى", ["مصطفي"]],
  ["کیانی", ["كياني"]],
  ["كـــتاب", ["كتاب"]],
  ["שָׁלוֹם כהן", ["שלום", "כהן"]],
  ["張偉", ["张伟", "張偉"]],
  ["김민수입니다", ["김민수"]],
  ["हिन्दी नौकरी", ["हिन्दी", "नौकरी"]],
  [
    "candi\u00addate fork\u200blift ware\u2060house",
    ["candidate", "forklift", "warehouse", "fork\u00adlift"],
    ["house"],
  ],
  ["O’Brien O'Neil", ["o'brien", "obrien", "O’Neil", "brien"]],
  [
    "call (323) 555-0142 now",
    ["3235550142", "323-555-0142", "+13235550142", "+1 (323) 555-0142", "555-0142", "5550142", "٣٢٣٥٥٥٠١٤٢"],
    ["+13235550143", "235550142"],
  ],
  ["+442079460958", ["2079460958", "+44 20 7946 0958"]],
  ["020 7946 0955", ["02079460955", "+442079460955"]],
  ["۳۲۳ ۵۵۵ ۰۱۴۴", ["3235550144", "323"]],
  ["👍🏽 yes", ["👍", "yes"], ["👎"]],
  ["snake_case_word", ["case", "snake_case"]],
  ["Ⅳ", ["IV"]],
  ["Ελλάδα", ["ελλαδα", "ΕΛΛΑΔΑ"]],
  ["Zoë", ["zoe"]],
];

const cases = texts.map(([text, found, missed = []]) => ({ text, found, missed }));

describe("a search for words", () => {
  let service: TestService;
  const ids = new Map<string, string>();
  beforeAll(async () => {
    service = await startService();
    for (const { text } of cases) {
      const event = await sample("ended");
      const id = randomUUID();
      ids.set(text, id);
      const summary = { chat_summary: text, chat_transcript: null, translated_chat_transcript: null };
      Object.assign(event.data, { id, messages: [], ...summary });
      event.request_id = randomUUID();
      expect((await service.post(event)).status).toBe(200);
    }
  });
  afterAll(async () => {
    await service.stop();
  });

  const query = `query ($text: String!) { sessions(filter: { search: $text }) { nodes { id } } }`;
  async function find(text: string): Promise<string[]> {
    const { data } = await service.query<{ sessions: { nodes: { id: string }[] } }>(query, { text });
    return data.sessions.nodes.map(({ id }) => id);
  }

  it.each(cases)("finds $text by each way to write its words", async ({ text, found, missed }) => {
    for (const word of found)
      expect([word, await find(word)]).toEqual([word, expect.arrayContaining([ids.get(text)])]);
    for (const word of missed)
      expect([word, await find(word)]).not.toEqual([word, expect.arrayContaining([ids.get(text)])]);
  });
});
