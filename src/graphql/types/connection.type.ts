import { type ClassType, Field, ObjectType } from "type-graphql";
import { Agent } from "../../model/agent.js";
import { AgentVersion } from "../../model/agent-version.js";
import { Expectation } from "../../model/expectation.js";
import { Message } from "../../model/message.js";
import { Session } from "../../model/session.js";
import { WebhookEvent } from "../../model/webhook-event.js";
import type { Slice } from "../../store/readers/page.js";
import type { CursorCodec } from "../cursors.js";

@ObjectType({ description: "Where a page lies in its list.", simpleResolvers: true })
export class PageInfo {
  @Field(() => Boolean, {
    description: "True if there are items after this page. When paging backward: true if `before` was given.",
  })
  readonly hasNextPage!: boolean;

  @Field(() => Boolean, {
    description: "True if there are items before this page. When paging forward: true if `after` was given.",
  })
  readonly hasPreviousPage!: boolean;

  @Field(() => String, {
    nullable: true,
    description: "The cursor of the page's first item; pass it as `before`.",
  })
  readonly startCursor!: string | null;

  @Field(() => String, {
    nullable: true,
    description: "The cursor of the page's last item; pass it as `after`.",
  })
  readonly endCursor!: string | null;
}

/** A page of a list. Cursors are computed only where they are selected. */
export class Page<Item extends object> {
  constructor(
    private readonly slice: Slice<Item>,
    private readonly cursors: CursorCodec,
    private readonly list: string,
  ) {}

  get nodes(): readonly Item[] {
    return this.slice.rows;
  }

  get edges(): readonly { readonly node: Item; readonly cursor: string }[] {
    return this.slice.rows.map((node) => ({ node, cursor: this.cursorOf(node) }));
  }

  get pageInfo(): PageInfo {
    return new PlaceOfPage(this.slice, (item) => this.cursorOf(item));
  }

  private cursorOf(item: Item): string {
    return this.cursors.encode(this.list, this.slice.positionOf(item));
  }
}

/**
 * A class, for V8 makes a hidden class of each object literal that has getters, and keeps it, with all that
 * the getters hold, until it collects the old generation.
 */
class PlaceOfPage<Item extends object> implements PageInfo {
  constructor(
    private readonly slice: Slice<Item>,
    private readonly cursorOf: (item: Item) => string,
  ) {}

  get hasNextPage(): boolean {
    return this.slice.hasNextPage;
  }

  get hasPreviousPage(): boolean {
    return this.slice.hasPreviousPage;
  }

  get startCursor(): string | null {
    return this.cursorAt(0);
  }

  get endCursor(): string | null {
    return this.cursorAt(-1);
  }

  private cursorAt(index: number): string | null {
    const item = this.slice.rows.at(index);
    return item === undefined ? null : this.cursorOf(item);
  }
}

/** The edge type of a connection. */
function edgeOf<Item extends object>(name: string, itemType: () => ClassType<Item>) {
  const article = /^[AEIOU]/.test(name) ? "An" : "A";
  @ObjectType(`${name}Edge`, {
    description: `${article} ${name} in a list, and its place there.`,
    simpleResolvers: true,
  })
  abstract class Edge {
    @Field(itemType, { description: `The ${name}.` })
    readonly node!: Item;

    @Field(() => String, {
      description: "Marks the item's place in the list. Pass it as `after` or `before`.",
    })
    readonly cursor!: string;
  }
  return Edge;
}

/**
 * The connection type of a list; `totalCount` is resolved by the list's resolver, and only where it is
 * selected.
 */
function connectionOf<Item extends object>(name: string, itemType: () => ClassType<Item>) {
  const edgeType = edgeOf(name, itemType);

  @ObjectType({ simpleResolvers: true })
  abstract class Connection {
    @Field(() => [edgeType], { description: "The items of the page, each with its cursor." })
    readonly edges!: InstanceType<ClassType>[];

    @Field(() => [itemType()], { description: "The items of the page, without cursors." })
    readonly nodes!: readonly Item[];

    @Field(() => PageInfo, { description: "Whether there are more pages, and the cursors to read them." })
    readonly pageInfo!: PageInfo;
  }
  return Connection;
}

@ObjectType({ description: "A page of sessions.", simpleResolvers: true })
export class SessionConnection extends connectionOf("Session", () => Session) {}

@ObjectType({ description: "A page of messages.", simpleResolvers: true })
export class MessageConnection extends connectionOf("Message", () => Message) {}

@ObjectType({ description: "A page of agents.", simpleResolvers: true })
export class AgentConnection extends connectionOf("Agent", () => Agent) {}

@ObjectType({ description: "A page of agent versions.", simpleResolvers: true })
export class AgentVersionConnection extends connectionOf("AgentVersion", () => AgentVersion) {}

@ObjectType({ description: "A page of recorded deliveries.", simpleResolvers: true })
export class WebhookEventConnection extends connectionOf("WebhookEvent", () => WebhookEvent) {}

@ObjectType({ description: "A page of expectations.", simpleResolvers: true })
export class ExpectationConnection extends connectionOf("Expectation", () => Expectation) {}
