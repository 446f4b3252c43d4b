import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { caseVariants } from "../../src/store/sql/letter-case.js";
import { sample, startService, type TestService } from "../support/service.js";

const characters = Array.from({ length: 0x110000 }, (_, code) => code)
  .filter((code) => code < 0xd800 || code > 0xdfff)
  .map((code) => String.fromCodePoint(code));
/** All that Unicode gives another case. */
const cased = characters.filter((character) => /[\p{CWCF}\p{CWL}\p{CWT}\p{CWU}]/u.test(character));

/** By the folding that regular expressions have: which of these characters are the same, for each. */
function sameByExpressions(among: readonly string[]): Map<string, Set<string>> {
  const text = among.join("");
  return new Map(
    among.map((character) => {
      const expression = new RegExp(`\\u{${character.codePointAt(0)?.toString(16) ?? ""}}`, "giu");
      return [character, new Set(text.match(expression) ?? [])];
    }),
  );
}

const same = sameByExpressions(cased);

describe("text compared whatever its case", () => {
  it("is folded as Unicode's simple case folding has it, of all characters", () => {
    const others = characters.filter((character) => !same.has(character));
    expect(others.filter((character) => caseVariants(character).join() !== character)).toEqual([]);
    for (const [character, spellings] of same)
      expect(new Set(caseVariants(character)), `U+${character.codePointAt(0)?.toString(16) ?? ""}`).toEqual(
        spellings,
      );
  });
});

describe("text compared whatever its case by the database", () => {
  let service: TestService;
  const conversation = randomUUID();
  /** As message bodies: each cased character by itself and between others, and what looks alike. */
  const bodies = [
    ...cased.flatMap((character) => [character, `[${character}]`]),
    ...[
      "",
      "ss",
      "SS",
      "i̇",
      "e\u0301",
      "k ",
      "*",
      "?",
      "[a]",
      "]",
      "^",
      "-",
      "%",
      "_",
      "\\",
      "'",
      "\0",
      "\uf8ff",
    ],
  ];
  beforeAll(async () => {
    service = await startService({ GRAPHQL_MAX_COST: "1000000", GRAPHQL_MAX_ALIASES: "1000" });
    const payload = await sample("started");
    const [message] = payload.data.messages;
    payload.data.conversation_id = conversation;
    payload.data.messages = bodies.map((body) => ({
      ...message,
      id: randomUUID(),
      conversation_id: conversation,
      body,
    }));
    expect((await service.post(payload)).status).toBe(200);
  });
  afterAll(async () => {
    await service.stop();
  });

  /** The bodies that each of these texts finds. */
  async function found(comparator: string, texts: readonly string[]): Promise<Set<string>[]> {
    const results: Set<string>[] = [];
    for (let start = 0; start < texts.length; start += 100) {
      const some = texts.slice(start, start + 100);
      const query = `query (${some.map((_, index) => `$t${index}: String!`).join(", ")}) {
        ${some.map((_, index) => `m${index}: messages(filter: { body: { ${comparator}: $t${index} } }) { nodes { body } }`).join("\n")}
      }`;
      const variables = Object.fromEntries(some.map((text, index) => [`t${index}`, text]));
      const { data, errors } = await service.query<Record<string, Found>>(query, variables);
      expect(errors).toBeUndefined();
      for (const index of some.keys())
        results.push(new Set(data[`m${index}`]?.nodes.map(({ body }) => body)));
    }
    return results;
  }

  it("is found in all its spellings, and in no other", async () => {
    const spellingsOf = (letter: string) => [...(same.get(letter) ?? [])];
    // Of the spellings of one letter, each finds the same.
    const letters = cased.filter((character) => spellingsOf(character).sort()[0] === character);
    for (const [index, bodies] of (await found("eqIgnoreCase", letters)).entries()) {
      const letter = letters[index] ?? "";
      expect(bodies, letter).toEqual(new Set(spellingsOf(letter)));
    }
    const some = letters.filter((letter, index) => same.get(letter)?.size !== 2 || index % 10 === 1);
    const asked = some.map((letter) => `[${letter}]`);
    for (const [index, bodies] of (await found("containsIgnoreCase", asked)).entries()) {
      const letter = some[index] ?? "";
      expect(bodies, letter).toEqual(new Set(spellingsOf(letter).map((each) => `[${each}]`)));
    }
  }, 300_000);

  it("takes every other character for itself", async () => {
    const signs = ["", "*", "?", "[a]", "]", "^", "-", "%", "_", "\\", "'", "\0", "\uf8ff", "SS", "K "];
    const equal = await found("eqIgnoreCase", signs);
    expect(equal.map((bodies) => [...bodies].sort())).toEqual(
      signs.map((sign) =>
        sign === "SS" ? ["SS", "ss"] : sign === "K " ? ["k "] : sign === "[a]" ? ["[A]", "[a]"] : [sign],
      ),
    );
  });

  it("takes 255 different letters, as deep in a filter as can be, and no more", async () => {
    const letters = cased.filter((character) => caseVariants(character).length > 1);
    const ask = async (length: number) => {
      const body = { containsIgnoreCase: letters.slice(-length).join("") };
      const filter = Array.from({ length: 8 }).reduce<object>((inner) => ({ not: inner }), { body });
      const query = "query ($filter: MessageFilter) { messages(filter: $filter) { totalCount } }";
      return await service.query(query, { filter });
    };
    expect((await ask(255)).data).toEqual({ messages: { totalCount: 0 } });
    const { errors } = await ask(256);
    expect(errors?.[0]?.message).toBe(
      "filter.not.not.not.not.not.not.not.not.body.containsIgnoreCase: must have at most 255 characters.",
    );
  });

  it("takes 500 different letters in a whole filter, and no more", async () => {
    const letters = cased.slice(-250).join("");
    const ask = async (texts: readonly string[]) => {
      const filter = { or: texts.map((text) => ({ body: { containsIgnoreCase: text } })) };
      const query = "query ($filter: MessageFilter) { messages(filter: $filter) { totalCount } }";
      return await service.query(query, { filter });
    };
    expect((await ask([letters, letters])).data).toEqual({ messages: { totalCount: 0 } });
    const { errors } = await ask([letters, letters, "a"]);
    expect(errors?.[0]?.message).toBe(
      "filter.or.2.body.containsIgnoreCase: " +
        "must not have more than 500 different letters, with all such texts of the filter.",
    );
  });

  it("asks it of columns that hold ASCII alone", async () => {
    const count = async (operand: string) => {
      const signatureScheme = { eqIgnoreCase: operand, containsIgnoreCase: operand };
      const query = "query ($filter: WebhookEventFilter) { webhookEvents(filter: $filter) { totalCount } }";
      const { data, errors } = await service.query(query, { filter: { not: { signatureScheme } } });
      expect(errors).toBeUndefined();
      return data;
    };
    for (const operand of ["\u212as", "é", "WHIPPY"])
      expect(await count(operand)).toEqual({ webhookEvents: { totalCount: 1 } });
  });
});

interface Found {
  readonly nodes: readonly { readonly body: string }[];
}
