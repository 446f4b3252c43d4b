import { Ctx, FieldResolver, Query, Resolver } from "type-graphql";
import type { Access } from "../../access/access.js";
import { localCaller } from "../../access/caller.js";
import type { Allowance as CountedAllowance } from "../../access/rate-limits.js";
import type { Limits } from "../admission/limits.js";
import type { RequestContext } from "../context.js";
import { type Allowance, Viewer, ViewerLimits } from "../types/viewer.type.js";

@Resolver(() => Viewer)
export class ViewerResolver {
  constructor(
    private readonly access: Pick<Access, "limits" | "connections">,
    private readonly limitsOfOperation: Limits,
  ) {}

  @Query(() => Viewer, {
    nullable: true,
    description:
      "Who is asking, what they may read, and what is left of their limits. Reads no stored data. Null only " +
      "if the operation failed.",
  })
  viewer(@Ctx() { caller: { id, name, role, scope, expiresAt } }: RequestContext): Viewer {
    return {
      id,
      name: name ?? null,
      role,
      organizationId: scope.kind === "organization" ? scope.organizationId : null,
      masked: scope.masked,
      expiresAt: instantOf(expiresAt),
    };
  }

  @FieldResolver(() => ViewerLimits, {
    nullable: true,
    description: "How much the caller may ask for, and what is left of it. Null only if reading it failed.",
  })
  async limits(@Ctx() { caller }: RequestContext): Promise<ViewerLimits> {
    const { limits, connections } = this.access;
    const left = await limits.leftOf(caller);
    const open = connections.openOf(caller);
    const { socketsPerKey, subscriptionsPerKey, subscriptionsPerSocket } = connections.limits;
    const allowed = (limit: number) => (caller === localCaller ? null : limit);
    return {
      ...this.limitsOfOperation,
      requests: served(left?.requests),
      cost: served(left?.cost),
      connections: { open: open.connections, allowed: allowed(socketsPerKey) },
      subscriptions: { open: open.subscriptions, allowed: allowed(subscriptionsPerKey) },
      maxSubscriptionsPerConnection: subscriptionsPerSocket,
    };
  }
}

function served(allowance: CountedAllowance | undefined): Allowance | null {
  return allowance === undefined ? null : { ...allowance, resetsAt: instantOf(allowance.resetsAt) };
}

function instantOf(milliseconds: number | undefined): string | null {
  return milliseconds === undefined ? null : new Date(milliseconds).toISOString();
}
