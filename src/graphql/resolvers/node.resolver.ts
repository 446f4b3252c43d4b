import type { GraphQLResolveInfo } from "graphql";
import { Arg, Ctx, ID, Info, Query, Resolver } from "type-graphql";
import { BadInputError } from "../../errors.js";
import { storedHash, storedId } from "../../model/kinds.js";
import { Node } from "../../model/node.js";
import type { RequestContext } from "../context.js";
import { greatestSize } from "../inputs/page.args.js";
import {
  agentFields,
  agentVersionFields,
  expectationFields,
  messageFieldsOf,
  revisionFields,
  sessionFields,
  webhookEventFields,
} from "../plan/fields.js";
import type { Info as Selection } from "../plan/selection.js";

interface NodeRow {
  readonly id: string;
}

/** How nodes of one type are read by their ids: all of them in one statement. */
interface NodeType {
  readonly name: string;
  /** The stored form of an id; empty where it can be no id of this type. */
  readonly storedId: (id: string) => string;
  readonly read: (
    context: RequestContext,
    ids: readonly string[],
    info: Selection,
  ) => Promise<readonly NodeRow[]>;
}

/** In the order in which an id is looked for, should several types know it. */
const nodeTypes: readonly NodeType[] = [
  {
    name: "Session",
    storedId,
    read: ({ scope, readers }, ids, info) => readers.sessions.byIds(scope, ids, sessionFields(info)),
  },
  {
    name: "Message",
    storedId,
    read: ({ scope, readers }, ids, info) => readers.messages.byIds(scope, ids, messageFieldsOf(info)),
  },
  {
    name: "AgentVersion",
    storedId,
    read: ({ scope, readers }, ids, info) =>
      readers.agentVersions.byIds(scope, ids, agentVersionFields(info)),
  },
  {
    name: "AgentVersionRevision",
    storedId: storedHash,
    read: ({ scope, readers }, ids, info) =>
      readers.agentVersionRevisions.byIds(scope, ids, revisionFields(info)),
  },
  {
    name: "Agent",
    storedId,
    read: ({ scope, readers }, ids, info) => readers.agents.byIds(scope, ids, agentFields(info)),
  },
  {
    name: "Conversation",
    storedId,
    read: ({ scope, readers }, ids) => readers.conversations.byIds(scope, ids),
  },
  {
    name: "WebhookEvent",
    storedId,
    read: ({ caller, readers }, ids, info) =>
      // To everybody else no delivery exists.
      caller.role === "operator"
        ? readers.webhookEvents.byIds(ids, webhookEventFields(info))
        : Promise.resolve([]),
  },
  {
    name: "Expectation",
    storedId,
    read: ({ scope, readers }, ids, info) => readers.expectations.byIds(scope, ids, expectationFields(info)),
  },
];

const ofWhat =
  "a session, a message, an agent, an agent version, a revision of one, a conversation, an expectation, or " +
  "(for operators) a recorded delivery";

@Resolver()
export class NodeResolver {
  @Query(() => Node, {
    nullable: true,
    description: `Reads the object with this id: ${ofWhat}. Null where there is none that the caller may see.`,
  })
  async node(
    @Arg("id", () => ID, { description: "The id." }) id: string,
    @Ctx() context: RequestContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<unknown> {
    const [node] = await readNodes([id], context, info);
    return node;
  }

  @Query(() => [Node], {
    nullable: "itemsAndList",
    description:
      `Reads the objects with these ids, in the order of the ids: each ${ofWhat}. ` +
      "An item is null where there is none that the caller may see.",
  })
  async nodes(
    @Arg("ids", () => [ID], { description: `The ids, at most ${greatestSize}.` }) ids: string[],
    @Ctx() context: RequestContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<unknown[]> {
    if (ids.length > greatestSize) {
      const rule = `must not hold more than ${greatestSize} ids`;
      throw new BadInputError(`ids: ${rule}.`, [{ field: "ids", rule }]);
    }
    return await readNodes(ids, context, info);
  }
}

async function readNodes(
  ids: readonly string[],
  context: RequestContext,
  { fieldNodes, fragments }: GraphQLResolveInfo,
): Promise<unknown[]> {
  const found = await Promise.all(
    nodeTypes.map(async ({ name, storedId, read }) => {
      const sought = [...new Set(ids.map((id) => storedId(id)))].filter((id) => id !== "");
      const rows = await read(context, sought, { fieldNodes, fragments, type: name });
      return rows.map((row) => ({ ...row, __typename: name }));
    }),
  );
  const byId = new Map(found.reverse().flatMap((rows) => rows.map((row) => [row.id, row])));
  return ids.map((id) => byId.get(id.toLowerCase()) ?? null);
}
