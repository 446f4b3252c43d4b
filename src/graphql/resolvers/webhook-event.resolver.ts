import type { GraphQLResolveInfo } from "graphql";
import {
  Arg,
  Args,
  ArgsType,
  Ctx,
  Field,
  FieldResolver,
  ID,
  Info,
  Int,
  Query,
  Resolver,
  Root,
} from "type-graphql";
import { demandOperator } from "../../access/caller.js";
import { storedId } from "../../model/kinds.js";
import { jsonTextOf } from "../../events/json.js";
import { findUnstorable } from "../../events/storable.js";
import { noFilter } from "../../store/readers/filter.js";
import type { WebhookEventRecord } from "../../store/readers/webhook-event.reader.js";
import type { RequestContext } from "../context.js";
import type { CursorCodec } from "../cursors.js";
import { itemPaths, sliceOf, webhookEventFields } from "../plan/fields.js";
import { PageArgs, windowOf } from "../inputs/page.args.js";
import { WebhookEventFilter } from "../inputs/webhook-event-filter.input.js";
import { JsonScalar } from "../../model/scalars.js";
import { Page } from "../types/connection.type.js";
import { WebhookEvent } from "../../model/webhook-event.js";
import { FieldNote } from "../types/field-note.type.js";
import { WebhookEventConnection } from "../types/connection.type.js";

@ArgsType()
export class WebhookEventsArgs extends PageArgs {
  @Field(() => WebhookEventFilter, {
    nullable: true,
    description: "Returns only deliveries that match. Absent: all of them.",
  })
  readonly filter?: WebhookEventFilter | null;
}

type WebhookEventPage = Page<WebhookEventRecord> & { readonly filter: WebhookEventFilter };

@Resolver(() => WebhookEventConnection)
export class WebhookEventConnectionResolver {
  constructor(private readonly cursors: CursorCodec) {}

  @Query(() => WebhookEventConnection, {
    nullable: true,
    description: "Lists all recorded deliveries, the newest first. For operators only.",
  })
  async webhookEvents(
    @Args(() => WebhookEventsArgs) { filter, ...page }: WebhookEventsArgs,
    @Ctx() { caller, readers }: RequestContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<WebhookEventPage> {
    demandOperator(caller, "Raw events");
    const window = windowOf(page, this.cursors, "webhookEvents");
    const slice = await sliceOf(info, () =>
      readers.webhookEvents.page({ filter: filter ?? noFilter, window }, webhookEventFields(info, itemPaths)),
    );
    return Object.assign(new Page(slice, this.cursors, "webhookEvents"), { filter: filter ?? noFilter });
  }

  @FieldResolver(() => Int, {
    nullable: true,
    description: "How many deliveries match the filter, on all pages. Null only if counting failed.",
  })
  async totalCount(@Root() page: WebhookEventPage, @Ctx() { readers }: RequestContext): Promise<number> {
    return await readers.webhookEvents.countMatching(page.filter);
  }
}

@Resolver(() => WebhookEvent)
export class WebhookEventResolver {
  @Query(() => WebhookEvent, {
    nullable: true,
    description: "Reads a recorded delivery by its id. Null where there is none. For operators only.",
  })
  async webhookEvent(
    @Arg("id", () => ID, { description: "This service's id of the delivery." }) id: string,
    @Ctx() { caller, readers }: RequestContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<WebhookEventRecord | null> {
    demandOperator(caller, "Raw events");
    const [event] = await readers.webhookEvents.byIds([storedId(id)], webhookEventFields(info));
    return event ?? null;
  }

  @FieldResolver(() => [FieldNote], {
    description:
      "Odd fields that were left out of the session; `body` still has them. The first 20, then how " +
      "many more there are.",
  })
  notes(@Root() { notes }: WebhookEventRecord): FieldNote[] {
    return notes === null ? [] : (JSON.parse(notes) as FieldNote[]);
  }

  @FieldResolver(() => JsonScalar, {
    description:
      "The body, as received (see JSON), except what erasures removed. A body that is nested too deep " +
      "for an answer is given as text.",
  })
  body(@Root() { body }: WebhookEventRecord): unknown {
    const text = jsonTextOf(body);
    const value: unknown = JSON.parse(text);
    return findUnstorable(value).length === 0 ? value : text;
  }
}
