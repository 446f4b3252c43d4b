import { Field, ID, ObjectType } from "type-graphql";
import { Node } from "../../model/node.js";

/** No table keeps conversations: sessions and messages name theirs. */
@ObjectType({
  description:
    "A conversation with a contact. It may have several sessions, and messages that belong to no " +
    "session. It exists as long as one of them does.",
  implements: Node,
  simpleResolvers: true,
})
export class Conversation extends Node {
  @Field(() => ID, { description: "Its id: the UUID that Whippy gave it." })
  override readonly id!: string;

  @Field(() => ID, { description: "The organization whose agents hold it." })
  readonly organizationId!: string;
}
