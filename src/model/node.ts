import { Field, ID, InterfaceType } from "type-graphql";

@InterfaceType({ description: "An object with a globally unique id, as Relay defines it." })
export abstract class Node {
  @Field(() => ID, {
    description:
      "Its id: a session's, message's or agent version's is Whippy's own UUID; that of an agent version's revision is a hash.",
  })
  readonly id!: string;
}
