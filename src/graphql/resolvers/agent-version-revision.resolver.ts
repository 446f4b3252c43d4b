import type { GraphQLResolveInfo } from "graphql";
import { Ctx, FieldResolver, Info, Resolver, Root } from "type-graphql";
import { readQuestions } from "../../events/questions.js";
import { AgentVersion, AgentVersionContent, AgentVersionRevision } from "../../model/agent-version.js";
import { JsonScalar } from "../../model/scalars.js";
import type { AgentVersionRecord } from "../../store/readers/agent-version.reader.js";
import type { AgentVersionRevisionRecord } from "../../store/readers/agent-version-revision.reader.js";
import { byStoredIds } from "../batches.js";
import { Batched } from "../plan/batched.js";
import type { RequestContext } from "../context.js";
import { agentVersionFields } from "../plan/fields.js";
import { AnalysisQuestion } from "../types/answer.type.js";

/** What a version and each of its revisions compute of the provider's settings. */
@Resolver(() => AgentVersionContent)
export class AgentVersionContentResolver {
  @FieldResolver(() => JsonScalar, {
    nullable: true,
    description:
      "All settings of the voice and chat provider, as received (see JSON). If the same settings came " +
      "with their keys in different orders, one of the orders is served.",
  })
  providerSettings(@Root() { providerSettings }: { readonly providerSettings: string | null }): unknown {
    return providerSettings === null ? null : JSON.parse(providerSettings);
  }

  @FieldResolver(() => [AnalysisQuestion], {
    description: "The questions that the analysis of each session answers.",
  })
  questions(@Root() { providerSettings }: { readonly providerSettings: string | null }): AnalysisQuestion[] {
    return readQuestions(providerSettings);
  }
}

@Resolver(() => AgentVersionRevision)
export class AgentVersionRevisionResolver {
  @FieldResolver(() => AgentVersion, {
    description:
      "The agent version that had this content. The fields of the version show its current content, " +
      "which may be another.",
  })
  @Batched()
  async agentVersion(
    @Root() revisions: readonly AgentVersionRevisionRecord[],
    @Ctx() context: RequestContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<(AgentVersionRecord | null)[]> {
    const ids = revisions.map(({ agentVersionId }) => agentVersionId);
    return await byStoredIds(ids, context.readers.agentVersions, agentVersionFields(info), context);
  }
}
