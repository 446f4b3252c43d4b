import { Field, ID, InterfaceType } from "type-graphql";

@InterfaceType({ description: "An object that node(id:) can read, as Relay defines it." })
export abstract class Node {
  @Field(() => ID, {
    description:
      "Its id. That of an AgentVersionRevision is a hash, those of a WebhookEvent and an Expectation are " +
      "UUIDs of this service; all others are UUIDs of Whippy.",
  })
  readonly id!: string;
}
