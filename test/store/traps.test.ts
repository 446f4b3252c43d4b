import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { unpack } from "../../src/model/packed.js";
import { onDatabase } from "../support/callers.js";
import { wholeSession, type WholeSession } from "../support/session-query.js";
import {
  type Payload,
  sample,
  type SampleName,
  sampleBytes,
  startService,
  type TestService,
} from "../support/service.js";

/** One test for each trap of the payloads; the numbers are those of docs/ARCHITECTURE.md. */
let service: TestService;
beforeAll(async () => {
  service = await startService();
});
afterAll(async () => {
  await service.stop();
});

/** A documented payload as an event of a session of the test's own. */
interface Own {
  readonly id: string;
  readonly version: string;
  payload(name: SampleName, change?: (data: Payload["data"], payload: Payload) => void): Promise<Payload>;
  post(name: SampleName, change?: (data: Payload["data"], payload: Payload) => void): Promise<Response>;
  read(): Promise<WholeSession["session"]>;
}

function ownSession(): Own {
  const id = randomUUID();
  const version = randomUUID();
  const messageIds = [randomUUID(), randomUUID()];
  const payload: Own["payload"] = async (name, change) => {
    const event = await sample(name);
    event.request_id = randomUUID();
    event.data.id = id;
    event.data.agent_version.id = version;
    event.data.messages.forEach((message, index) => (message.id = messageIds[index]));
    change?.(event.data, event);
    return event;
  };
  return {
    id,
    version,
    payload,
    post: async (name, change) => {
      const response = await service.post(await payload(name, change));
      expect(response.status).toBe(200);
      return response;
    },
    read: async () => {
      const { data, errors } = await service.query<WholeSession>(wholeSession, { id });
      expect(errors).toBeUndefined();
      return data.session;
    },
  };
}

describe("the traps of the payloads", () => {
  it("1: does not order events of different kinds by created_at, which all three share", async () => {
    const own = ownSession();
    await own.post("analyzed");
    await own.post("started", (_, event) => (event.created_at = "2030-01-01T00:00:00Z"));
    expect(await own.read()).toMatchObject({
      status: "ANALYZED",
      endedReason: "user_ended",
      userSentiment: "neutral",
    });
  });

  it("2: keeps messages dated days after the session's end", async () => {
    const own = ownSession();
    await own.post("analyzed");
    const session = await own.read();
    expect(session.endedAt).toBe("2025-08-22T08:13:53Z");
    expect(session.messages.nodes[0]?.createdAt).toBe("2025-08-26T11:03:29.168397Z");
  });

  it.each(["started", "ended", "analyzed"] as const)(
    "3: lets %s alone create the session with its messages",
    async (name) => {
      const own = ownSession();
      await own.post(name);
      const session = await own.read();
      expect(session.messages.totalCount).toBe(2);
      expect(session.chatTranscript).toContain("User: job");
      expect(session.status).toBe(name.toUpperCase());
    },
  );

  it("4: lets a late started erase nothing", async () => {
    const own = ownSession();
    await own.post("analyzed");
    const before = await own.read();
    await own.post("started");
    expect(await own.read()).toEqual(before);
  });

  it("5: replaces the analysis as a whole by a later one, and keeps the old one in the history", async () => {
    const own = ownSession();
    await own.post("analyzed");
    await own.post("analyzed", (data, event) => {
      event.created_at = "2025-08-20T00:00:00Z";
      data.user_sentiment = "negative";
      data.custom_analysis_data = { Currently_working: true };
    });
    const session = await own.read();
    expect(session.customAnalysisData).toEqual({ Currently_working: true });
    expect(session.userSentiment).toBe("negative");
    expect(session.analysisHistory.map(({ userSentiment }) => userSentiment)).toEqual([
      "negative",
      "neutral",
    ]);
    expect(session.analysis).toEqual(session.analysisHistory[0]);
  });

  it("5: lets the analysis with the later created_at stand, whichever comes last", async () => {
    const own = ownSession();
    await own.post("analyzed", (data, event) => {
      event.created_at = "2025-08-20T00:00:00Z";
      data.user_sentiment = "negative";
    });
    await own.post("analyzed", (data) => (data.user_sentiment = "positive"));
    expect(await own.read()).toMatchObject({
      userSentiment: "negative",
      analysis: { userSentiment: "negative", eventCreatedAt: "2025-08-20T00:00:00Z" },
    });
  });

  it("6: keeps each content of an agent version as a revision, and links the session to its own", async () => {
    const own = ownSession();
    for (const name of ["started", "ended", "analyzed"] as const) await own.post(name);
    const { data } = await service.query<{
      agentVersion: { revisions: unknown[]; questions: { name: string }[] };
    }>("query($id: ID!) { agentVersion(id: $id) { revisions { id } questions { name } } }", {
      id: own.version,
    });
    expect(data.agentVersion.revisions).toHaveLength(2);
    const session = await own.read();
    const names = (session.agentVersionRevision.questions as { name: string }[]).map(({ name }) => name);
    expect(names).toContain("How_did_the_candidate_hear_about_XYZ_Employment");
    expect(data.agentVersion.questions.map(({ name }) => name)).toEqual(names);
  });

  it("7: keeps answers without a question and questions without an answer", async () => {
    const own = ownSession();
    await own.post("analyzed");
    const { analysis } = await own.read();
    const find = (name: string) => analysis?.answers.find((answer) => answer.name === name);
    expect(find("How_did_the_candidate_hear_about_XYZ_Employment")).toMatchObject({
      defined: true,
      answered: false,
      value: null,
    });
    expect(find("How_did_the_candidate_hear_about_Express_Employment")).toMatchObject({
      defined: false,
      answered: true,
      stringValue: "",
    });
  });

  it('8: counts false, 0 and "" as answers, and tells null, {} and absent apart', async () => {
    const own = ownSession();
    await own.post("analyzed");
    const { analysis } = await own.read();
    const find = (name: string) => analysis?.answers.find((answer) => answer.name === name);
    expect(find("Currently_working")).toMatchObject({ answered: true, conforms: true, booleanValue: false });
    expect(find("How_comfortable_using_a_computer")).toMatchObject({
      answered: true,
      conforms: true,
      numberValue: 0,
    });

    const [asNull, asEmpty] = [ownSession(), ownSession()];
    await asNull.post("analyzed", (data) => (data.custom_analysis_data = null));
    await asEmpty.post("analyzed", (data) => (data.custom_analysis_data = {}));
    expect((await asNull.read()).customAnalysisData).toBeNull();
    expect((await asEmpty.read()).customAnalysisData).toEqual({});
    const withNull = ownSession();
    await withNull.post("analyzed", (data) => (data.custom_analysis_data = { Currently_working: null }));
    expect((await withNull.read()).customAnalysisData).toEqual({ Currently_working: null });
  });

  it("9: takes any text as a question's name, a choice or an answer", async () => {
    const own = ownSession();
    const name = "Does “he” 喜歡 – phones? 📞 __proto__";
    await own.post("analyzed", (data) => {
      data.custom_analysis_data = { [name]: "Phone call", 10: "ten", 2: "two" };
      data.agent_version.provider_settings.post_call_analysis_data = [
        { name, type: "enum", choices: ["Phone call", "SMS"], description: "" },
      ];
    });
    const session = await own.read();
    expect(session.analysis?.answers[0]).toMatchObject({
      name,
      choices: ["Phone call", "SMS"],
      value: "Phone call",
      conforms: true,
    });
    expect(session.customAnalysisData).toEqual({ [name]: "Phone call", 10: "ten", 2: "two" });
  });

  it("10: gives instants back as precise as they came, and orders messages by created_at, then id", async () => {
    const own = ownSession();
    await own.post("analyzed", (data) => {
      data.started_at = "2025-08-19T06:40:45.120000Z";
      const [first, second] = data.messages;
      Object.assign(first ?? {}, { created_at: "2025-08-26T11:03:29.168398Z" });
      Object.assign(second ?? {}, {
        created_at: "2025-08-26T11:03:29.168397Z",
        updated_at: "2025-08-26T11:03:33.1Z",
      });
    });
    const session = await own.read();
    expect(session.startedAt).toBe("2025-08-19T06:40:45.120000Z");
    expect(session.messages.nodes.map(({ createdAt, updatedAt }) => [createdAt, updatedAt])).toEqual([
      ["2025-08-26T11:03:29.168397Z", "2025-08-26T11:03:33.1Z"],
      ["2025-08-26T11:03:29.168398Z", "2025-08-26T11:03:29.702804Z"],
    ]);
  });

  it("11: updates a message only by a payload whose updated_at is not older, to the microsecond", async () => {
    const own = ownSession();
    const deliver = (status: string, updatedAt: string) =>
      own.post("started", (data) =>
        Object.assign(data.messages[1] ?? {}, { delivery_status: status, updated_at: updatedAt }),
      );
    await deliver("sent", "2025-08-26T11:03:33.261284Z");
    await deliver("queued", "2025-08-26T11:03:33.261283Z");
    expect((await own.read()).messages.nodes[1]).toMatchObject({ deliveryStatus: "sent" });
    await deliver("delivered", "2025-08-26T11:03:33.261284Z");
    expect((await own.read()).messages.nodes[1]).toMatchObject({ deliveryStatus: "delivered" });
  });

  it("12: shows a failed message as failed, though the transcript holds it", async () => {
    const own = ownSession();
    await own.post("analyzed");
    const session = await own.read();
    expect(session.messages.nodes[1]).toMatchObject({ deliveryStatus: "failed" });
    expect(session.chatTranscript).toContain(session.messages.nodes[1]?.body);
  });

  it("13: serves created_by_id and user_id, which are integers, as ids", async () => {
    const own = ownSession();
    const greatest = Number.MAX_SAFE_INTEGER;
    await own.post("analyzed", (data) => Object.assign(data.messages[0] ?? {}, { user_id: greatest }));
    const session = await own.read();
    expect(session.agentVersion.createdById).toBe("8");
    expect(session.messages.nodes[0]?.userId).toBe(String(greatest));
  });

  it("14: takes the organization from the agent version, and lets no other organization touch the session", async () => {
    const own = ownSession();
    await own.post("started");
    const foreign = await own.payload(
      "analyzed",
      (data) => (data.agent_version.organization_id = randomUUID()),
    );
    const response = await service.post(foreign);
    expect(response.status).toBe(202);
    expect(await response.json()).toMatchObject({ status: "dead", errors: [{ field: "data.id" }] });
    expect(await own.read()).toMatchObject({
      status: "STARTED",
      organizationId: "4e2afdc4-1ebe-4882-b4c2-29b9f17f27e1",
    });
  });

  it("15: keeps e-mail addresses of 320 characters as sender and recipient", async () => {
    const own = ownSession();
    const address = `${"a".repeat(64)}@${"b".repeat(251)}.com`;
    await own.post("analyzed", (data) =>
      Object.assign(data.messages[0] ?? {}, { from: address, to: "x@example.com" }),
    );
    expect((await own.read()).messages.nodes[0]).toMatchObject({ from: address, to: "x@example.com" });
  });

  it("16: lets two sessions of a conversation share a message, and never drops one that a later snapshot lacks", async () => {
    const [one, other] = [ownSession(), ownSession()];
    await one.post("started");
    const shared = (await one.read()).messages.nodes[0]?.id;
    await other.post("started", (data) => Object.assign(data.messages[0] ?? {}, { id: shared }));
    expect((await other.read()).messages.nodes[0]?.id).toBe(shared);
    await one.post("analyzed", (data) => (data.messages = data.messages.slice(1)));
    const session = await one.read();
    expect(session.messages.nodes.map(({ id }) => id)).toContain(shared);
    expect(session.messageCount).toBe(2);
  });

  it("17: takes unknown fields, unknown values of enumerations, and attachments of either form", async () => {
    const own = ownSession();
    const attachments = [
      "https://example.com/a.png",
      { content_type: "image/png", url: "https://example.com/b.png" },
    ];
    await own.post("analyzed", (data, event) => {
      event.new_in_2027 = { a: 1 };
      data.a_new_field = true;
      data.ended_reason = "abducted";
      data.user_sentiment = "bewildered";
      delete data.language;
      Object.assign(data.messages[0] ?? {}, {
        type: "telepathy",
        direction: "SIDEWAYS",
        attachments,
        new_field: 1,
      });
    });
    const session = await own.read();
    expect(session).toMatchObject({ endedReason: "abducted", userSentiment: "bewildered", language: null });
    expect(session.messages.nodes[0]).toMatchObject({
      type: "telepathy",
      direction: "SIDEWAYS",
      attachments,
    });
  });

  it("17: takes an event that says nothing but who and whose", async () => {
    const own = ownSession();
    await own.post("analyzed", (data) => {
      const { id, agent_id, organization_id } = data.agent_version;
      for (const name of Object.keys(data)) {
        if (!["id", "conversation_id", "agent_version", "messages"].includes(name))
          Reflect.deleteProperty(data, name);
      }
      data.agent_version = { id, agent_id, organization_id } as never;
      data.messages = data.messages.map((message) => ({ id: message.id }));
    });
    expect(await own.read()).toMatchObject({ status: "ANALYZED", customAnalysisData: null });
  });

  it("18: takes bodies larger than Express's 100 kB, up to the cap", async () => {
    const own = ownSession();
    await own.post("analyzed", (data) => {
      const [message] = data.messages;
      data.messages = Array.from({ length: 1_000 }, () => ({ ...message, id: randomUUID() }));
    });
    expect((await own.read()).messageCount).toBe(1_000);
    const tooLarge = await own.payload("analyzed", (data) => (data.chat_transcript = "x".repeat(6_000_000)));
    expect((await service.post(tooLarge)).status).toBe(413);
  });

  it("19: keeps the keys of JSON values in the order received", async () => {
    const own = ownSession();
    const text = '{"zeta":1,"alpha":{"y":null,"x":[]},"Mid":""}';
    await own.post("analyzed", (data) => (data.custom_analysis_data = JSON.parse(text) as unknown));
    expect(JSON.stringify((await own.read()).customAnalysisData)).toBe(text);
  });

  it("19: spells JSON as JavaScript does: integer-like keys first, numbers as doubles; the raw bytes keep all", async () => {
    const own = ownSession();
    const answers = '{"zeta":1,"10":"b","2":"a","big":9007199254740993,"price":1.50,"zero":-0,"é":"\\u00e9"}';
    const event = await own.payload("analyzed", (data) => (data.custom_analysis_data = "ANSWERS"));
    const body = JSON.stringify(event).replace('"ANSWERS"', answers);
    expect((await service.post(body)).status).toBe(200);

    const query = `{ session(id: "${own.id}") { customAnalysisData } }`;
    const response = await fetch(`${service.url}/graphql?${new URLSearchParams({ query }).toString()}`, {
      headers: { "Content-Type": "application/json" },
    });
    expect(await response.text()).toContain(
      '{"2":"a","10":"b","zeta":1,"big":9007199254740992,"price":1.5,"zero":0,"é":"é"}',
    );
    const stored = await onDatabase(service.database, (database) =>
      database.read<{ body: Buffer }>("SELECT body FROM webhook_events WHERE session_id = ?", [own.id]),
    );
    expect(stored.map((row) => unpack(row.body).toString())).toEqual([body]);
  });

  it("20: infers no ending from the agent's settings", async () => {
    const own = ownSession();
    await own.post("started", (data) => (data.started_at = "2020-01-01T00:00:00Z"));
    expect(await own.read()).toMatchObject({ status: "STARTED", endedAt: null });
  });

  it("21: tells the languages of agent, session and message apart", async () => {
    const own = ownSession();
    await own.post("analyzed");
    const session = await own.read();
    expect(session.agentVersion.language).toBe("multi");
    expect(session.language).toBe("en");
    expect(session.messages.nodes[0]?.language).toBeNull();
  });

  it("22: needs no started event", async () => {
    const own = ownSession();
    await own.post("ended", (data) => (data.started_at = null));
    expect(await own.read()).toMatchObject({
      status: "ENDED",
      startedAt: null,
      endedAt: "2025-08-22T08:13:53Z",
    });
  });
});

describe("the fixtures", () => {
  it.each(["started", "ended", "analyzed"] as const)("%s is stored as the bytes that came", async (name) => {
    const bytes = await sampleBytes(name);
    expect((await service.post(bytes)).status).toBe(200);
    expect(await (await service.post(bytes)).json()).toEqual({ status: "duplicate" });
  });
});
