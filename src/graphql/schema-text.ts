import { createHash } from "node:crypto";
import { Router } from "express";
import { type GraphQLSchema, lexicographicSortSchema, printSchema } from "graphql";
import { demandOperator } from "../access/caller.js";
import type { Gate } from "../access/gate.js";
import type { Config } from "../config.js";

/** The schema in the Schema Definition Language, sorted by name: the same text for the same schema. */
export function schemaText(schema: GraphQLSchema): string {
  return `${printSchema(lexicographicSortSchema(schema))}\n`;
}

/** What the schema's route needs. */
export interface SchemaRouterParts {
  readonly gate: Pick<Gate, "callerOf">;
  /** Where only listed operations are served, the schema is for those who write the list. */
  readonly config: Pick<Config["graphql"], "allowListFile">;
}

/**
 * `GET /schema.graphql`: the schema as text, for whoever may query any of it. Code generators ask for it,
 * with its ETag.
 */
export function schemaRouter(schema: GraphQLSchema, { gate, config }: SchemaRouterParts): Router {
  const text = schemaText(schema);
  const etag = `"${createHash("sha256").update(text).digest("base64url")}"`;
  const router = Router();
  router.get("/schema.graphql", (request, response) => {
    if (config.allowListFile !== undefined)
      demandOperator(gate.callerOf(request), "Schemas of services with GRAPHQL_ALLOW_LIST");
    response.set({
      "Content-Type": "application/graphql; charset=utf-8",
      ETag: etag,
      "Cache-Control": "no-cache",
    });
    if (request.get("If-None-Match")?.includes(etag) === true) response.status(304).end();
    else response.send(text);
  });
  return router;
}
