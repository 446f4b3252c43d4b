import type { GraphQLResolveInfo } from "graphql";
import { Args, ArgsType, Ctx, Field, Info, Query, Resolver } from "type-graphql";
import type { StatsRecord } from "../../store/readers/stats.reader.js";
import type { RequestContext } from "../context.js";
import { SessionFilter } from "../inputs/filters.input.js";
import { SessionGroupBy, TimeInterval } from "../inputs/session-group.input.js";
import type { Readers } from "../readers.js";
import { selectedFields } from "../selection.js";
import { SessionStats, type ValueShare } from "../types/session-stats.type.js";

@ArgsType()
export class SessionStatsArgs {
  @Field(() => SessionFilter, { nullable: true, description: "Which sessions; all of them where absent." })
  readonly filter?: SessionFilter | null;

  @Field(() => [SessionGroupBy], { nullable: true, description: "What to group by, up to 4 terms." })
  readonly groupBy?: SessionGroupBy[] | null;

  @Field(() => TimeInterval, { nullable: true, description: "Also by stretches of time." })
  readonly interval?: TimeInterval | null;

  @Field(() => String, {
    nullable: true,
    description: "The IANA time zone of those, such as Europe/Berlin; UTC where absent.",
  })
  readonly timeZone?: string | null;
}

@Resolver()
export class SessionStatsResolver {
  constructor(private readonly readers: Readers) {}

  @Query(() => [SessionStats], {
    description: "Numbers of sessions, by groups and by time; only groups that hold a session.",
  })
  async sessionStats(
    @Args(() => SessionStatsArgs) { filter, groupBy, ...time }: SessionStatsArgs,
    @Ctx() { scope }: RequestContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<SessionStats[]> {
    const query = { filter: filter ?? {}, groupBy: groupBy ?? [], ...time };
    const withFailures = selectedFields(info).has("failedMessageCount");
    const records = await this.readers.stats.read(scope, query, withFailures);
    return records.map((record) => toStats(record, query.groupBy));
  }
}

function toStats(record: StatsRecord, groupBy: readonly SessionGroupBy[]): SessionStats {
  const { bucket, values, count, messageCount, failedMessageCount, timedCount, seconds } = record;
  return {
    from: bucket?.from ?? null,
    to: bucket?.to ?? null,
    groups: groupBy.map(({ field, question }, index) => ({
      field,
      question: question ?? null,
      value: values[index],
    })),
    count,
    completionRatings: shares(record.ratings, count),
    sentiments: shares(record.sentiments, count),
    messageCount,
    averageMessageCount: messageCount / count,
    failedMessageCount,
    timedCount,
    averageDurationSeconds: timedCount === 0 ? null : Math.round((seconds / timedCount) * 1_000) / 1_000,
  };
}

function shares(counts: ReadonlyMap<string | null, number>, all: number): ValueShare[] {
  return Array.from(counts, ([value, count]) => ({ value, count, share: count / all })).sort(
    (a, b) => b.count - a.count || ((a.value ?? "") < (b.value ?? "") ? -1 : 1),
  );
}
