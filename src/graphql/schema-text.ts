import { createHash } from "node:crypto";
import { Router } from "express";
import { type GraphQLSchema, lexicographicSortSchema, printSchema } from "graphql";

/** The schema in the Schema Definition Language, sorted by name: the same text for the same schema. */
export function schemaText(schema: GraphQLSchema): string {
  return `${printSchema(lexicographicSortSchema(schema))}\n`;
}

/**
 * `GET /schema.graphql`: the schema as text, for whoever may query. Code generators ask for it, with its
 * ETag.
 */
export function schemaRouter(schema: GraphQLSchema): Router {
  const text = schemaText(schema);
  const etag = `"${createHash("sha256").update(text).digest("base64url")}"`;
  const router = Router();
  router.get("/schema.graphql", (request, response) => {
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
