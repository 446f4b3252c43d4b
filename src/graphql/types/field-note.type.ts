import { Field, ObjectType } from "type-graphql";

@ObjectType({
  description: "A field of a delivery that was left out, never its value.",
  simpleResolvers: true,
})
export class FieldNote {
  @Field(() => String, { description: "Where it stands, such as data.messages.0.to." })
  readonly field!: string;

  @Field(() => String, { description: "The rule it breaks." })
  readonly rule!: string;
}
