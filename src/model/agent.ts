import { ObjectType } from "type-graphql";
import { Property, type Row, Table } from "./declare.js";
import { text, uuid } from "./kinds.js";
import { Node } from "./node.js";
import { agentText, notPersonal } from "./privacy.js";

/**
 * An agent, as the newest content of its newest version has it: the revisions' table, read by the agent's id.
 */
@Table({ table: "agent_version_revisions" })
@ObjectType({
  description:
    "A conversation agent (an AI). Known through its versions; it exists as long as a session of one " +
    "of them does.",
  implements: Node,
  simpleResolvers: true,
})
export class Agent implements Node {
  @Property(uuid, {
    description: "Its id: the UUID that Whippy gave it.",
    privacy: notPersonal,
    column: "agent_id",
  })
  readonly id!: string;

  @Property(uuid, { description: "The organization that the agent works for.", privacy: notPersonal })
  readonly organizationId!: string;

  @Property(text(1_000), {
    description: "Its current name: the name in its newest version. Null where that has none.",
    privacy: agentText,
    nullable: true,
  })
  readonly name!: string | null;
}

export type AgentRow = Row<Agent>;
