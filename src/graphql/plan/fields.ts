import type { ClassType } from "type-graphql";
import { Agent } from "../../model/agent.js";
import { AgentVersion, AgentVersionRevision } from "../../model/agent-version.js";
import { Analysis } from "../../model/analysis.js";
import { Expectation } from "../../model/expectation.js";
import { Message } from "../../model/message.js";
import { Session } from "../../model/session.js";
import { WebhookEvent } from "../../model/webhook-event.js";
import { areKept, contentsMark } from "../../store/readers/known-versions.js";
import { shapeOf } from "../../store/readers/record.js";
import type { OrderTerm, Slice } from "../../store/readers/page.js";
import { type Info, oncePerPlace, selectedFields } from "./selection.js";

/** What GraphQL fields are made of that are no stored fields themselves. */
const madeOf = new Map<ClassType, Readonly<Record<string, readonly string[]>>>([
  [
    Session,
    {
      agent: ["agentId", "organizationId"],
      agentVersion: ["agentVersionId"],
      agentVersionRevision: ["revisionId"],
      conversation: ["conversationId", "organizationId"],
      messages: ["messageCount"],
    },
  ],
  [AgentVersion, { agent: ["agentId", "organizationId"], questions: ["providerSettings"] }],
  [AgentVersionRevision, { questions: ["providerSettings"] }],
  [Message, { conversation: ["conversationId", "organizationId"] }],
  [
    Analysis,
    {
      id: ["id"],
      answers: ["customAnalysisData", "revisionId"],
      agentVersionRevision: ["revisionId"],
    },
  ],
  [WebhookEvent, { body: ["body"] }],
  [Expectation, { session: ["sessionId"], agentVersion: ["agentVersionId"] }],
]);

/**
 * Which stored fields an operation needs of a thing. Nothing is read that was not selected (transcripts and
 * settings least of all).
 */
function needed(type: ClassType, selected: ReadonlySet<string>): readonly string[] {
  const { properties } = shapeOf(type);
  const computed = madeOf.get(type) ?? {};
  return Array.from(selected).flatMap((name) =>
    properties.get(name)?.isServed ? [name] : (computed[name] ?? []),
  );
}

/** The levels under which a connection's items are selected. */
export const itemPaths = ["nodes", "edges.node"] as const;

/** A page of nothing: of a parent that has no items, or where none were asked for. */
export const noItems = {
  rows: [],
  positionOf: () => [],
  hasNextPage: false,
  hasPreviousPage: false,
} as const;

/** The name of a list in its cursors: one that was made in another order is refused. */
export function listNameOf(list: string, order: readonly OrderTerm[]): string {
  return `${list} ${order.map(({ property, descending }) => `${property} ${descending}`).join()}`;
}

/** Reads a page only where something of it is selected: whoever counts alone needs none. */
export async function sliceOf<Row>(info: Info, read: () => Promise<Slice<Row>>): Promise<Slice<Row>> {
  return selectsItems(info) ? await read() : noItems;
}

/** The same for pages of many parents. */
export async function sliceOfEach<Row>(
  info: Info,
  read: () => Promise<ReadonlyMap<string, Slice<Row>>>,
): Promise<ReadonlyMap<string, Slice<Row>>> {
  return selectsItems(info) ? await read() : new Map<string, Slice<Row>>();
}

const selectsItems = oncePerPlace((info) => {
  const selected = selectedFields(info);
  return ["nodes", "edges", "pageInfo"].some((name) => selected.has(name));
});

/** Whether an operation asks where the feed was before a list was read. */
export const selectsEventCursor = oncePerPlace((info) => selectedFields(info).has("eventCursor"));

/** With them, what tells whether their agent versions are known. */
export const sessionFields = oncePerPlace((info, paths) => {
  const selected = selectedFields(info, paths);
  const own = needed(Session, selected);
  if (!selected.has("agentVersion")) return own;
  const below = paths.length === 0 ? ["agentVersion"] : paths.map((path) => `${path}.agentVersion`);
  const fields = needed(AgentVersion, selectedFields(info, below));
  return areKept(fields) ? [...own, contentsMark] : own;
});

export const messageFieldsOf = fieldsOf(Message);
export const agentFields = fieldsOf(Agent);
export const agentVersionFields = fieldsOf(AgentVersion);
export const revisionFields = fieldsOf(AgentVersionRevision);
export const analysisFields = fieldsOf(Analysis);
export const webhookEventFields = fieldsOf(WebhookEvent);
export const expectationFields = fieldsOf(Expectation);

function fieldsOf(type: ClassType) {
  return oncePerPlace((info, paths) => needed(type, selectedFields(info, paths)));
}
