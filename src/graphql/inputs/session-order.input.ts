import { Field, InputType, registerEnumType } from "type-graphql";
import { propertiesOf } from "../../model/declare.js";
import { Session } from "../../model/session.js";

const sorted = propertiesOf(Session).filter(({ traits }) => traits.sortKey !== undefined);

/** The fields that sessions can be sorted by, by the names of their sort keys. */
const SessionOrderField: Readonly<Record<string, string>> = Object.fromEntries(
  sorted.map(({ name, traits }) => [String(traits.sortKey), name]),
);

registerEnumType(SessionOrderField, {
  name: "SessionOrderField",
  description: "What sessions can be sorted by.",
  valuesConfig: Object.fromEntries(
    sorted.map(({ traits }) => [String(traits.sortKey), { description: String(traits.description) }]),
  ),
});

export enum OrderDirection {
  ASC = "ASC",
  DESC = "DESC",
}

registerEnumType(OrderDirection, {
  name: "OrderDirection",
  description: "Which way to sort.",
  valuesConfig: {
    ASC: { description: "Smallest or earliest first. What has no value comes first." },
    DESC: { description: "Greatest or latest first. What has no value comes last." },
  },
});

@InputType({
  description: "A key to sort sessions by. Equal sessions are sorted by the next key, and at last by id.",
})
export class SessionOrder {
  @Field(() => SessionOrderField, { description: "What to sort by." })
  readonly field!: string;

  @Field(() => OrderDirection, {
    defaultValue: OrderDirection.ASC,
    description: "ASC (the default) or DESC.",
  })
  readonly direction!: OrderDirection;
}
