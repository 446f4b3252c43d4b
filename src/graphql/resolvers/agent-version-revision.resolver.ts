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
      "All settings of the voice and chat provider, as received (see JSON); where the same came with its keys in several orders, in one of them.",
  })
  providerSettings(@Root() { providerSettings }: { readonly providerSettings: string | null }): unknown {
    return providerSettings === null ? null : JSON.parse(providerSettings);
  }

  @FieldResolver(() => [AnalysisQuestion], { description: "What it asks the analysis of each session." })
  questions(@Root() { providerSettings }: { readonly providerSettings: string | null }): AnalysisQuestion[] {
    return readQuestions(providerSettings);
  }
}

@Resolver(() => AgentVersionRevision)
export class AgentVersionRevisionResolver {
  @FieldResolver(() => AgentVersion, {
    description: "The agent version that came with this content, with its newest content.",
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
