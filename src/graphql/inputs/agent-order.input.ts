import { Field, InputType, registerEnumType } from "type-graphql";
import { agentSortKeys, agentVersionSortKeys, type SortKey } from "../../store/readers/agent-order.js";
import { OrderDirection } from "./session-order.input.js";

const byName = "Its name, by code points (Z before a). Items without a name come first in ascending order.";

const AgentOrderField = namesOf(agentSortKeys);
registerEnumType(AgentOrderField, {
  name: "AgentOrderField",
  description: "What agents can be sorted by.",
  valuesConfig: { ID: { description: "Its id." }, NAME: { description: byName } },
});

const AgentVersionOrderField = namesOf(agentVersionSortKeys);
registerEnumType(AgentVersionOrderField, {
  name: "AgentVersionOrderField",
  description: "What agent versions can be sorted by.",
  valuesConfig: {
    ID: { description: "Its id." },
    NAME: { description: byName },
    RECEIVED_AT: { description: "When this service first received it." },
    CHANGED_AT: { description: "When this service first received its current content." },
  },
});

@InputType({
  description: "A key to sort agents by. Equal agents are sorted by the next key, and at last by id.",
})
export class AgentOrder {
  @Field(() => AgentOrderField, { description: "What to sort by." })
  readonly field!: string;

  @Field(() => OrderDirection, {
    defaultValue: OrderDirection.ASC,
    description: "ASC (the default) or DESC.",
  })
  readonly direction!: OrderDirection;
}

@InputType({
  description:
    "A key to sort agent versions by. Equal versions are sorted by the next key, and at last by id.",
})
export class AgentVersionOrder {
  @Field(() => AgentVersionOrderField, { description: "What to sort by." })
  readonly field!: string;

  @Field(() => OrderDirection, {
    defaultValue: OrderDirection.ASC,
    description: "ASC (the default) or DESC.",
  })
  readonly direction!: OrderDirection;
}

/** The sort keys of an argument `orderBy`, as readers take them. */
export function sortKeysOf(
  orderBy: readonly { readonly field: string; readonly direction: OrderDirection }[] | null | undefined,
): SortKey[] {
  return (orderBy ?? []).map(({ field, direction }) => ({
    field,
    descending: direction === OrderDirection.DESC,
  }));
}

function namesOf(keys: object): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.keys(keys).map((name) => [name, name]));
}
