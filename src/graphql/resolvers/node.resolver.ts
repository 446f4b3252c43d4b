import type { GraphQLResolveInfo } from "graphql";
import { Arg, Ctx, ID, Info, Query, Resolver } from "type-graphql";
import { BadInputError } from "../../errors.js";
import { storedId } from "../../model/kinds.js";
import { Node } from "../../model/node.js";
import type { RequestContext } from "../context.js";
import { greatestSize } from "../inputs/page.args.js";
import { agentVersionFields, messageFieldsOf, sessionFields, webhookEventFields } from "../plan/fields.js";
import type { Info as Selection } from "../plan/selection.js";

interface NodeRow {
  readonly id: string;
}

/** How nodes of one type are read by their ids: all of them in one statement. */
interface NodeType {
  readonly name: string;
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
    read: ({ scope, readers }, ids, info) => readers.sessions.byIds(scope, ids, sessionFields(info)),
  },
  {
    name: "Message",
    read: ({ scope, readers }, ids, info) => readers.messages.byIds(scope, ids, messageFieldsOf(info)),
  },
  {
    name: "AgentVersion",
    read: ({ scope, readers }, ids, info) =>
      readers.agentVersions.byIds(scope, ids, agentVersionFields(info)),
  },
  {
    name: "WebhookEvent",
    read: ({ caller, readers }, ids, info) =>
      // To everybody else no delivery exists.
      caller.role === "operator"
        ? readers.webhookEvents.byIds(ids, webhookEventFields(info))
        : Promise.resolve([]),
  },
];

const ofWhat = "a session, a message, an agent version or (for operators) a recorded delivery";

@Resolver()
export class NodeResolver {
  @Query(() => Node, {
    nullable: true,
    description: `The object with an id: ${ofWhat}. Null where there is none (for the caller).`,
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
      `The objects with these ids, in their order: each ${ofWhat}. An item is null where there is none (for the caller). ` +
      "As many statements as for one id.",
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
  const sought = ids.map((id) => storedId(id));
  const known = [...new Set(sought)].filter((id) => id !== "");
  const found = await Promise.all(
    nodeTypes.map(async ({ name, read }) => {
      const rows = await read(context, known, { fieldNodes, fragments, type: name });
      return rows.map((row) => ({ ...row, __typename: name }));
    }),
  );
  const byId = new Map(found.reverse().flatMap((rows) => rows.map((row) => [row.id, row])));
  return sought.map((id) => byId.get(id) ?? null);
}
