import type { GraphQLResolveInfo } from "graphql";
import { Args, ArgsType, Ctx, Field, FieldResolver, Info, Query, Resolver, Root } from "type-graphql";
import { QueryTooComplexError } from "../../errors.js";
import { noFilter } from "../../store/readers/filter.js";
import type { AgentVersionRecord } from "../../store/readers/agent-version.reader.js";
import type { Split, StatsRecord } from "../../store/readers/stats.reader.js";
import type { RequestContext } from "../context.js";
import { different } from "../batches.js";
import { Batched } from "../plan/batched.js";
import { agentVersionFields } from "../plan/fields.js";
import { type Limits, weighEach } from "../admission/limits.js";
import { SessionFilter } from "../inputs/filters.input.js";
import { SessionGroupBy, SessionGroupField, TimeInterval } from "../inputs/session-group.input.js";
import { fieldNodesBelow, selectedFields } from "../plan/selection.js";
import { AgentVersion } from "../../model/agent-version.js";
import { SessionStats, SessionStatsGroup, type ValueShare } from "../types/session-stats.type.js";

@ArgsType()
export class SessionStatsArgs {
  @Field(() => SessionFilter, {
    nullable: true,
    description: "Includes only sessions that match. Absent: all of them.",
  })
  readonly filter?: SessionFilter | null;

  @Field(() => [SessionGroupBy], {
    nullable: true,
    description: "What to group by, at most 4 keys. Absent: all sessions are one group.",
  })
  readonly groupBy?: SessionGroupBy[] | null;

  @Field(() => TimeInterval, {
    nullable: true,
    description: "Also groups by the time of the start. Absent: no grouping by time.",
  })
  readonly interval?: TimeInterval | null;

  @Field(() => String, {
    nullable: true,
    description: "The IANA time zone of the intervals, such as Europe/Berlin. Absent: UTC.",
  })
  readonly timeZone?: string | null;
}

@Resolver()
export class SessionStatsResolver {
  /** @param limits what one operation may cost: how many agent versions its groups name is known only here */
  constructor(private readonly limits: Pick<Limits, "maxCost">) {}

  @Query(() => [SessionStats], {
    nullable: true,
    description: "Counts sessions by groups and by time. Groups without a session are left out.",
  })
  async sessionStats(
    @Args(() => SessionStatsArgs) { filter, groupBy, ...time }: SessionStatsArgs,
    @Ctx() context: RequestContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<SessionStats[]> {
    const query = { filter: filter ?? noFilter, groupBy: groupBy ?? [], ...time };
    const selected = selectedFields(info);
    const splits: Split[] = [
      ...(selected.has("completionRatings") ? (["rating"] as const) : []),
      ...(selected.has("sentiments") ? (["sentiment"] as const) : []),
    ];
    const records = await context.readers.stats.read(context.scope, query, splits);
    const stats = records.map((record) => toStats(record, query.groupBy));
    this.demandFewVersions(stats, context, info);
    return stats;
  }

  /** All statistics of an operation share what it may cost. */
  private demandFewVersions(
    stats: readonly SessionStats[],
    context: RequestContext,
    info: GraphQLResolveInfo,
  ): void {
    const nodes = fieldNodesBelow(info, "groups", "agentVersion");
    if (nodes.length === 0) return;
    const named = stats.flatMap(({ groups }) =>
      groups.filter(({ field }) => versioned.has(field)).map(keyOf),
    );
    const count = new Set(named).size;
    const each = weighEach(info, nodes, AgentVersion.name);
    const most = Math.min(mostVersions, Math.floor((this.limits.maxCost - context.costBeyond) / each));
    if (count <= most) {
      context.costBeyond += count * each;
      return;
    }
    throw new QueryTooComplexError(
      `groups.agentVersion: may be read of at most ${most} agents and versions where so much is asked of each, and the groups name ${count}; filter more, or ask for less of each.`,
      "operation",
    );
  }
}

@Resolver(() => SessionStatsGroup)
export class SessionStatsGroupResolver {
  @FieldResolver(() => AgentVersion, {
    nullable: true,
    description:
      "The agent version that the value names, with its current content: for AGENT the agent's newest " +
      "version, for AGENT_VERSION that version. Null for every other field. If the groups name many " +
      "versions and much is selected of each, the operation is refused with QUERY_TOO_COMPLEX.",
  })
  @Batched()
  async agentVersion(
    @Root() groups: readonly SessionStatsGroup[],
    @Ctx() { scope, readers: { agentVersions } }: RequestContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<(AgentVersionRecord | null)[]> {
    const idsOf = (field: SessionGroupField) =>
      different(groups.filter((each) => each.field === field).map(({ value }) => String(value)));
    const fields = agentVersionFields(info);
    const [ofAgents, versions] = await Promise.all([
      agentVersions.newestOfAgents(scope, idsOf(AGENT), fields),
      agentVersions.byIds(scope, idsOf(AGENT_VERSION), fields),
    ]);
    const found = new Map([
      ...ofAgents.map((version) => [keyOf({ field: AGENT, value: version.agentId }), version] as const),
      ...versions.map((version) => [keyOf({ field: AGENT_VERSION, value: version.id }), version] as const),
    ]);
    return groups.map((group) => found.get(keyOf(group)) ?? null);
  }
}

const { AGENT, AGENT_VERSION } = SessionGroupField;
/** The fields whose values name an agent version. */
const versioned: ReadonlySet<SessionGroupField> = new Set([AGENT, AGENT_VERSION]);

/** More ids than SQLite takes in one statement cannot be read at once. */
const mostVersions = 10_000;

/** An agent and a version are two things even where their ids are one. */
function keyOf({ field, value }: Pick<SessionStatsGroup, "field" | "value">): string {
  return `${field} ${String(value)}`;
}

function toStats(record: StatsRecord, groupBy: readonly SessionGroupBy[]): SessionStats {
  const { bucket, values, count, messageCount, timedCount, seconds } = record;
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
    failedMessageCount: record.failedMessageCount,
    manualMessageCount: record.manualMessageCount,
    manualCount: record.manualCount,
    timedCount,
    averageDurationSeconds: timedCount === 0 ? null : Math.round((seconds / timedCount) * 1_000) / 1_000,
  };
}

function shares(counts: ReadonlyMap<string | null, number>, all: number): ValueShare[] {
  return Array.from(counts, ([value, count]) => ({ value, count, share: count / all })).sort(
    (a, b) => b.count - a.count || ((a.value ?? "") < (b.value ?? "") ? -1 : 1),
  );
}
