import { ObjectType } from "type-graphql";
import { Column, Property, type Row, Table } from "./declare.js";
import { hash, integerId, json, longText, receipt, text, uuid } from "./kinds.js";
import { Node } from "./node.js";
import { agentSettings, agentText, notPersonal } from "./privacy.js";

/** What one content of an agent version says. */
@ObjectType({ simpleResolvers: true })
export abstract class AgentVersionContent {
  @Property(uuid, { description: "The agent that this is a version of.", privacy: notPersonal })
  readonly agentId!: string;

  @Property(text(1_000), {
    description: "The agent's name.",
    privacy: agentText,
    nullable: true,
    payload: "name",
  })
  readonly name!: string | null;

  @Property(longText, {
    description: "What the agent is for, in its author's words. Null where nothing was written.",
    privacy: agentText,
    nullable: true,
    payload: "description",
  })
  readonly description!: string | null;

  @Property(uuid, {
    description: "Whippy's id of the language model. Null where unknown.",
    privacy: notPersonal,
    nullable: true,
    payload: "llm_id",
  })
  readonly llmId!: string | null;

  @Property(integerId, {
    description:
      "Whippy's id of the member of staff who made the version: a whole number as text, such as 8. " +
      "Null where unknown.",
    privacy: notPersonal,
    nullable: true,
    payload: "created_by_id",
  })
  readonly createdById!: string | null;

  @Property(text(255), {
    description:
      "The agent's language setting, such as multi. Not the language of a session: see Session.language.",
    privacy: notPersonal,
    nullable: true,
  })
  readonly language!: string | null;

  @Property(text(255), {
    description: "The provider's id of the voice for calls. Null where there is none.",
    privacy: notPersonal,
    nullable: true,
  })
  readonly voiceId!: string | null;

  /** A resolver parses it, and reads the questions in it. */
  @Property(json, {
    description: "All settings of the voice and chat provider, as received (see JSON).",
    privacy: agentSettings,
    nullable: true,
    payload: "provider_settings",
    computed: true,
  })
  readonly providerSettings!: unknown;
}

/**
 * One distinct content that an agent version was received with. Erasures change a row, and so may the same
 * content with settings that are spelled otherwise: see RevisionWriter.
 */
@Table({
  table: "agent_version_revisions",
  indices: [
    { name: "ix_agent_version_revisions_version", columns: ["agentVersionId", "organizationId"] },
    { name: "ix_agent_version_revisions_agent", columns: ["agentId", "organizationId", "agentVersionId"] },
  ],
})
@ObjectType({
  description:
    "One content that an agent version was received with. Whippy may send one version with different " +
    "contents; each of them is kept and never changes.",
  implements: Node,
  simpleResolvers: true,
})
export class AgentVersionRevision extends AgentVersionContent implements Node {
  @Property(hash, {
    description: "SHA-256 of the content, 64 hexadecimal digits.",
    privacy: notPersonal,
    primary: true,
  })
  readonly id!: string;

  @Column(uuid, { privacy: notPersonal })
  readonly agentVersionId!: string;

  @Property(uuid, { description: "The organization that the agent works for.", privacy: notPersonal })
  readonly organizationId!: string;

  @Property(receipt, {
    description: "When this service first received this content. It never changes.",
    privacy: notPersonal,
  })
  readonly receivedAt!: string;
}

/** An agent version, with the content of its newest revision: the same table, read by the version's id. */
@Table({ table: "agent_version_revisions" })
@ObjectType({
  description:
    "A version of a conversation agent, with its current content: the one that the newest event of any " +
    "of its sessions carried. If no session has the version any more, it is the content with the " +
    "latest changedAt. Objects with the same id have the same fields everywhere.",
  implements: Node,
  simpleResolvers: true,
})
export class AgentVersion extends AgentVersionContent implements Node {
  @Property(uuid, {
    description: "Its id: the UUID that Whippy gave it.",
    privacy: notPersonal,
    column: "agent_version_id",
  })
  readonly id!: string;

  @Property(uuid, { description: "The organization that the agent works for.", privacy: notPersonal })
  readonly organizationId!: string;

  @Property(hash, {
    description: "The id of the AgentVersionRevision that has this content.",
    privacy: notPersonal,
    column: "id",
  })
  readonly revisionId!: string;

  @Property(receipt, {
    description: "When this service first received the version, with whatever content.",
    privacy: notPersonal,
    derived: (row) =>
      `(SELECT f.received_at FROM agent_versions f
        WHERE f.organization_id = ${row}.organization_id AND f.id = ${row}.agent_version_id)`,
  })
  readonly receivedAt!: string;

  @Property(receipt, {
    description:
      "When this service first received its current content: the version's last change. If it returns " +
      "to an earlier content, this is the earlier time again.",
    privacy: notPersonal,
    column: "received_at",
  })
  readonly changedAt!: string;
}

/**
 * That a session of an organization has carried an agent version. What the version is stands in its
 * revisions.
 */
@Table({ table: "agent_versions", indices: [{ name: "ix_agent_versions_id", columns: ["id"] }] })
export class KnownAgentVersion {
  @Column(uuid, { privacy: notPersonal, primary: true })
  readonly organizationId!: string;

  @Column(uuid, { privacy: notPersonal, primary: true })
  readonly id!: string;

  /** When the first event with it was received. */
  @Column(receipt, { privacy: notPersonal })
  readonly receivedAt!: string;
}

export type AgentVersionRow = Row<AgentVersion>;
export type AgentVersionRevisionRow = Row<AgentVersionRevision>;

/**
 * One distinct content of an agent version; its id is the hash of the content, so the same content is the
 * same revision.
 */
export type RevisionFacts = Omit<AgentVersionRevisionRow, "receivedAt">;
