import type { GraphQLResolveInfo } from "graphql";
import { Ctx, FieldResolver, Info, Resolver, Root } from "type-graphql";
import { readQuestions } from "../../events/questions.js";
import { AgentVersionRevision } from "../../model/agent-version.js";
import { Analysis } from "../../model/analysis.js";
import type { AgentVersionRevisionRecord } from "../../store/readers/agent-version-revision.reader.js";
import type { AnalysisRecord } from "../../store/readers/analysis.reader.js";
import { joinAnswers } from "../answers.js";
import { byStoredIds } from "../batches.js";
import type { RequestContext } from "../context.js";
import { Batched } from "../plan/batched.js";
import { revisionFields } from "../plan/fields.js";
import { AnalysisAnswer } from "../types/answer.type.js";

@Resolver(() => Analysis)
export class AnalysisResolver {
  @FieldResolver(() => [AnalysisAnswer], {
    description:
      "Each question of agentVersionRevision with its answer. Questions without an answer and answers " +
      "without a question are listed too.",
  })
  @Batched()
  async answers(
    @Root() analyses: readonly AnalysisRecord[],
    @Ctx() context: RequestContext,
  ): Promise<AnalysisAnswer[][]> {
    const revisions = await revisionsOf(analyses, ["providerSettings"], context);
    return analyses.map(({ customAnalysisData, withheldAnswers }, index) =>
      joinAnswers(
        readQuestions(revisions[index]?.providerSettings ?? null),
        customAnalysisData,
        withheldAnswers,
      ),
    );
  }

  @FieldResolver(() => AgentVersionRevision, {
    description: "The content of the agent version that asked the questions.",
  })
  @Batched()
  async agentVersionRevision(
    @Root() analyses: readonly AnalysisRecord[],
    @Ctx() context: RequestContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<(AgentVersionRevisionRecord | null)[]> {
    return await revisionsOf(analyses, revisionFields(info), context);
  }
}

async function revisionsOf(
  analyses: readonly AnalysisRecord[],
  fields: Iterable<string>,
  context: RequestContext,
): Promise<(AgentVersionRevisionRecord | null)[]> {
  const ids = analyses.map(({ revisionId }) => revisionId);
  return await byStoredIds(ids, context.readers.agentVersionRevisions, fields, context);
}
