import { Router } from "express";
import type { BoardFile } from "./board-files.js";

/** Which pages are served. */
export interface ServedPages {
  /** The live board at `/`. */
  readonly board: boolean;
  /** GraphiQL at `/explorer`. */
  readonly explorer: boolean;
}

/** Everything comes from the service itself; nothing may be framed, and no form is sent anywhere. */
const policy = [
  "default-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "object-src 'none'",
];
/** GraphiQL's parts write style elements, and their styles hold pictures and fonts. */
const explorerPolicy = [
  ...policy,
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
];

/**
 * `GET /`: the live board; `GET /explorer`: GraphiQL; and their files below `/board/`. They are the same for
 * everybody and hold no data: the pages ask for a key, and read through /graphql as any client does.
 */
export function boardRouter(files: ReadonlyMap<string, BoardFile>, served: ServedPages): Router {
  const withheld = new Set([...(served.board ? [] : ["/"]), ...(served.explorer ? [] : ["/explorer"])]);
  const router = Router();
  router.use((request, response, next) => {
    const isRead = ["GET", "HEAD"].includes(request.method) && !withheld.has(request.path);
    const file = isRead ? files.get(request.path) : undefined;
    if (file === undefined) {
      next();
      return;
    }
    response.set({
      "Content-Type": file.type,
      "Content-Security-Policy": (request.path === "/explorer" ? explorerPolicy : policy).join("; "),
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
