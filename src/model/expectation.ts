import { ObjectType, registerEnumType } from "type-graphql";
import { Column, Property, type Row, Table } from "./declare.js";
import { ascii, code, integer, receipt, text, uuid } from "./kinds.js";
import { Node } from "./node.js";
import { agentText, notPersonal } from "./privacy.js";

/** What is waited for. The values are those of the column. */
export enum ExpectationKind {
  ANALYSIS = "ANALYSIS",
  END = "END",
  DELIVERY = "DELIVERY",
  ANSWER = "ANSWER",
}

/** In the order of documentation. */
export const expectationKinds = Object.values(ExpectationKind);

registerEnumType(ExpectationKind, {
  name: "ExpectationKind",
  description: "What should have come and has not.",
  valuesConfig: {
    ANALYSIS: { description: "A session ended, and its analysis did not come in time." },
    END: { description: "A session started, and neither ended nor changed for longer than sessions take." },
    DELIVERY: {
      description: "An organization sent nothing in hours in which it usually sends something.",
    },
    ANSWER: { description: "No analysis of an agent version answers one of the version's questions." },
  },
});

/**
 * Something that should have come and has not. There is one for each thing that is missing: its id is made of
 * what is missing, so it opens once, whoever finds it.
 */
@Table({
  table: "expectations",
  indices: [
    { name: "ix_expectations_opened", columns: ["openedAt", "id"] },
    { name: "ix_expectations_organization", columns: ["organizationId", "openedAt", "id"] },
    // Few are open: they are found among the many that are closed.
    { name: "ix_expectations_closed", columns: ["closedAt", "openedAt", "id"] },
    { name: "ix_expectations_session", columns: ["sessionId"] },
  ],
})
@ObjectType({
  description:
    "Something that Whippy should have sent and has not, such as the analysis of a session that ended. " +
    "It opens once, and closes when what is missing comes.",
  implements: Node,
  simpleResolvers: true,
})
export class Expectation extends Node {
  @Property(uuid, {
    description: "Its id: a UUID of this service, made of what is missing.",
    privacy: notPersonal,
    primary: true,
  })
  override readonly id!: string;

  @Property(code(ExpectationKind, "ExpectationKind", 16), {
    description: "What is missing.",
    privacy: notPersonal,
  })
  readonly kind!: ExpectationKind;

  @Property(uuid, { description: "The organization that it concerns.", privacy: notPersonal })
  readonly organizationId!: string;

  @Property(uuid, {
    description:
      "The session that it concerns. DELIVERY: the organization's last one before its silence. ANSWER: the " +
      "agent version's newest one when this was found.",
    privacy: notPersonal,
  })
  readonly sessionId!: string;

  @Property(uuid, {
    description: "The id of the agent version of the session that it concerns.",
    privacy: notPersonal,
  })
  readonly agentVersionId!: string;

  @Property(text(255), {
    description: "The name of the question that nobody answers. Null for every other kind than ANSWER.",
    privacy: agentText,
    nullable: true,
  })
  readonly question!: string | null;

  @Property(receipt, {
    description:
      "Since when it is waited for. ANALYSIS and END: the session's changedAt at that time. DELIVERY: when " +
      "the organization's last event was received. ANSWER: the receivedAt of the session.",
    privacy: notPersonal,
  })
  readonly since!: string;

  @Property(receipt, { description: "By when it should have come.", privacy: notPersonal })
  readonly dueAt!: string;

  @Property(receipt, { description: "When this service noticed that it is missing.", privacy: notPersonal })
  readonly openedAt!: string;

  @Property(receipt, {
    description: "When this service noticed that nothing is missing any more. Null while it is missing.",
    privacy: notPersonal,
    nullable: true,
  })
  readonly closedAt!: string | null;
}

export type ExpectationRow = Row<Expectation>;

/**
 * How many changes of an organization's sessions were committed within an hour: what is usual at an hour of
 * the week. Counted once each, by whoever holds the lock on the feed's reading.
 */
@Table({ table: "delivery_hours" })
export class DeliveryHour {
  @Column(uuid, { privacy: notPersonal, primary: true })
  readonly organizationId!: string;

  /** UTC, such as `2026-01-31 12`. */
  @Column(ascii(13), { privacy: notPersonal, primary: true })
  readonly hour!: string;

  @Column(integer, { privacy: notPersonal })
  readonly count!: number;

  /** The receipt of the last one. */
  @Column(receipt, { privacy: notPersonal })
  readonly lastAt!: string;

  /** The session that it changed. */
  @Column(uuid, { privacy: notPersonal })
  readonly lastSessionId!: string;
}
