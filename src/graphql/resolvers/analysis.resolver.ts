import type { GraphQLResolveInfo } from "graphql";
import { Ctx, FieldResolver, Info, Resolver, Root } from "type-graphql";
import { readQuestions } from "../../events/questions.js";
import { AgentVersionRevision } from "../../model/agent-version.js";
import { Analysis } from "../../model/analysis.js";
import type { AgentVersionRevisionRecord } from "../../store/readers/agent-version-revision.reader.js";
import type { AnalysisRecord } from "../../store/readers/analysis.reader.js";
import { joinAnswers } from "../answers.js";
import { byStoredId } from "../batches.js";
import type { RequestContext } from "../context.js";
import { revisionFields } from "../plan/fields.js";
import { AnalysisAnswer } from "../types/answer.type.js";

@Resolver(() => Analysis)
export class AnalysisResolver {
  @FieldResolver(() => [AnalysisAnswer], {
    description:
      "The questions of its agentVersionRevision joined with its answers; questions without an answer and answers without a question are kept.",
  })
  async answers(
    @Root() { revisionId, customAnalysisData, withheldAnswers }: AnalysisRecord,
    @Ctx() context: RequestContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<AnalysisAnswer[]> {
    const { agentVersionRevisions } = context.readers;
    const revision = await byStoredId(revisionId, agentVersionRevisions, ["providerSettings"], {
      context,
      info,
    });
    return joinAnswers(
      readQuestions(revision?.providerSettings ?? null),
      customAnalysisData,
      withheldAnswers,
    );
  }

  @FieldResolver(() => AgentVersionRevision, {
    description: "The content of the agent version whose questions it answers.",
  })
  async agentVersionRevision(
    @Root() { revisionId }: AnalysisRecord,
    @Ctx() context: RequestContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<AgentVersionRevisionRecord | null> {
    const { agentVersionRevisions } = context.readers;
    return await byStoredId(revisionId, agentVersionRevisions, revisionFields(info), { context, info });
  }
}
