import { Router } from "express";
import type { BoardFile } from "./board-files.js";

/** Everything comes from the service itself; nothing may be framed, and no form is sent anywhere. */
const policy = [
  "default-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "object-src 'none'",
].join("; ");

/**
 * `GET /`: the live board, and its files below `/board/`. They are the same for everybody and hold no data:
 * the page asks for a key, and reads through /graphql as any client does.
 */
export function boardRouter(files: ReadonlyMap<string, BoardFile>): Router {
  const router = Router();
  router.use((request, response, next) => {
    const file = ["GET", "HEAD"].includes(request.method) ? files.get(request.path) : undefined;
    if (file === undefined) {
      next();
      return;
    }
    response.set({
      "Content-Type": file.type,
      "Content-Security-Policy": policy,
      "Cache-Control": file.isImmutable ? "public, max-age=31536000, immutable" : "no-cache",
      ETag: file.etag,
      Vary: "Accept-Encoding",
    });
    if (request.get("If-None-Match")?.includes(file.etag) === true) {
      response.status(304).end();
      return;
    }
    const isGzipped = request.acceptsEncodings("gzip") === "gzip";
    if (isGzipped) response.set("Content-Encoding", "gzip");
    response.send(isGzipped ? file.gzipped : file.body);
  });
  return router;
}
