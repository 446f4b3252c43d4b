import type { GraphQLResolveInfo } from "graphql";
import { Arg, Ctx, ID, Info, Query, Resolver } from "type-graphql";
import { storedId } from "../../model/kinds.js";
import type { RequestContext } from "../context.js";
import { agentVersionFields, messageFieldsOf, sessionFields } from "../plan/fields.js";
import { Node } from "../../model/node.js";

@Resolver()
export class NodeResolver {
  @Query(() => Node, {
    nullable: true,
    description: "A session, agent version or message by its id; null where there is none (for the caller).",
  })
  async node(
    @Arg("id", () => ID, { description: "Whippy's id of a session, an agent version or a message." })
    id: string,
    @Ctx() { scope, readers }: RequestContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<unknown> {
    const { sessions, messages, agentVersions } = readers;
    const ids = [storedId(id)];
    const as = ({ fieldNodes, fragments }: GraphQLResolveInfo, type: string) => ({
      fieldNodes,
      fragments,
      type,
    });
    const [[session], [message], [agentVersion]] = await Promise.all([
      sessions.byIds(scope, ids, sessionFields(as(info, "Session"))),
      messages.byIds(scope, ids, messageFieldsOf(as(info, "Message"))),
      agentVersions.byIds(scope, ids, agentVersionFields(as(info, "AgentVersion"))),
    ]);
    if (session) return { ...session, __typename: "Session" };
    if (message) return { ...message, __typename: "Message" };
    return agentVersion ? { ...agentVersion, __typename: "AgentVersion" } : null;
  }
}
