import { Field, ObjectType } from "type-graphql";

@ObjectType({
  description: "A field of a delivery that breaks a rule and was left out. Its value is not shown.",
  simpleResolvers: true,
})
export class FieldNote {
  @Field(() => String, { description: "The path of the field, such as data.messages.0.to." })
  readonly field!: string;

  @Field(() => String, { description: "The rule it breaks." })
  readonly rule!: string;
}
