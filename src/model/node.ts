import { Field, ID, InterfaceType } from "type-graphql";

@InterfaceType({ description: "An object with a globally unique id, as Relay defines it." })
export abstract class Node {
  @Field(() => ID, { description: "Whippy's own UUID." })
  readonly id!: string;
}
