import { ID, Field, ObjectType } from "type-graphql";
import { Column, type Decimals, Property, type Row, Table } from "./declare.js";
import {
  ascii,
  double,
  hash,
  instant,
  integer,
  json,
  longText,
  receipt,
  text,
  truth,
  uuid,
} from "./kinds.js";
import { agentText, notPersonal, personAnswers, personJson, personText } from "./privacy.js";

/**
 * One distinct analysis that was received for a session; the newest one's values also stand in the session.
 */
@Table({ table: "analyses" })
@ObjectType({
  description:
    "One analysis of a session, as received. When one with other content arrives, that becomes " +
    "Session.analysis, and this one stays in Session.analysisHistory.",
  simpleResolvers: true,
})
export class Analysis {
  /** `<session id>:<content hash>`, made of the key. */
  @Field(() => ID, {
    description: 'Its id: "<session id>:<hash of the content>". A masked reader gets another hash.',
  })
  readonly id!: string;

  @Column(uuid, { privacy: notPersonal, primary: true })
  readonly sessionId!: string;

  /**
   * Content hash of the four result fields: short texts can be guessed from it, so an erasure replaces it.
   */
  @Column(hash, { privacy: notPersonal, primary: true })
  readonly contentSha256!: string;

  @Column(uuid, { privacy: notPersonal })
  readonly organizationId!: string;

  @Property(hash, {
    description: "The id of the AgentVersionRevision that asked the questions.",
    privacy: notPersonal,
  })
  readonly revisionId!: string;

  @Property(text(255), {
    description:
      "How far the chat got, such as complete or incomplete. Open list: new values may appear. Null " +
      "where Whippy gave none.",
    privacy: notPersonal,
    nullable: true,
  })
  readonly chatCompletionRating!: string | null;

  @Property(longText, {
    description: "A summary of the chat in a sentence or two. Null where Whippy gave none.",
    privacy: personText,
    nullable: true,
  })
  readonly chatSummary!: string | null;

  @Property(text(255), {
    description:
      "The contact's mood, such as positive, neutral or negative. Open list: new values may appear. " +
      "Null where Whippy gave none.",
    privacy: notPersonal,
    nullable: true,
  })
  readonly userSentiment!: string | null;

  @Property(json, {
    description:
      "The answers to the agent version's questions, by name, as received (see JSON). Null where it " +
      "had none.",
    privacy: personAnswers,
    nullable: true,
  })
  readonly customAnalysisData!: unknown;

  /** The raw event that brought this content last. */
  @Column(uuid, { privacy: notPersonal })
  readonly eventId!: string;

  @Property(instant, {
    description:
      "When the newest event that carried it was created, by Whippy's clock (created_at of the " +
      "envelope). Null where that event had none.",
    privacy: notPersonal,
    nullable: true,
  })
  readonly eventCreatedAt!: string | null;

  @Property(receipt, {
    description: "When this service first received it.",
    privacy: notPersonal,
  })
  readonly receivedAt!: string;

  /** The order key of that event: see events/merge.ts. */
  @Column(ascii(100), { privacy: notPersonal })
  readonly source!: string;
}

/** One answer of a session's current analysis, typed for filters and statistics. */
@Table({
  table: "analysis_answers",
  indices: [
    // Of a scope's names each is looked up once, however many answers have it.
    { name: "ix_analysis_answers_name", columns: ["organizationId", "name", "nameTrailingSpaces"] },
    // An answer has one of the three.
    {
      name: "ix_analysis_answers_value",
      columns: ["name", "stringPrefix", "numberValue", "booleanValue", "sessionId"],
    },
  ],
})
export class StoredAnswer {
  @Column(uuid, { privacy: notPersonal, primary: true })
  readonly sessionId!: string;

  /** Its place among the answers as received, from 0. */
  @Column(integer, { privacy: notPersonal, primary: true })
  readonly position!: number;

  @Column(uuid, { privacy: notPersonal })
  readonly organizationId!: string;

  /** The question's name, in the words of whoever wrote the agent. */
  @Column(text(255), { privacy: agentText })
  readonly name!: string;

  /** How many spaces end the name: MySQL takes names for equal that differ in nothing else. */
  @Column(integer, { privacy: notPersonal, default: 0 })
  readonly nameTrailingSpaces!: number;

  /** The type that the revision's question of this name has; null where no question has it. */
  @Column(text(255), { privacy: notPersonal, nullable: true })
  readonly questionType!: string | null;

  /** JSON type of the answer: string, number, boolean, null, array or object. */
  @Column(ascii(16), { privacy: notPersonal })
  readonly valueType!: string;

  @Column(longText, { privacy: personText, nullable: true })
  readonly stringValue!: string | null;

  /** The first 191 characters of `stringValue`: what an index can hold. */
  @Column(text(191), { privacy: personText, nullable: true })
  readonly stringPrefix!: string | null;

  /** A long number may be a phone number. */
  @Column(double, { privacy: personJson, nullable: true })
  readonly numberValue!: number | null;

  @Column(truth, { privacy: notPersonal, nullable: true })
  readonly booleanValue!: number | null;
}

export type AnalysisRow = Row<Omit<Analysis, "id">> & Decimals<"eventCreatedAt">;
export type StoredAnswerRow = Row<StoredAnswer>;

/** The first 191 characters (code points) of a text: what an index can hold. */
export function textPrefix(text: string): string {
  return Array.from(text.slice(0, 382)).slice(0, 191).join("");
}
