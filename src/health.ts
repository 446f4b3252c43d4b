import { Router } from "express";
import { UnavailableError } from "./errors.js";
import type { Database } from "./store/database.js";
import { errorCode } from "./store/dialect.js";

/** A probe is of no use to an orchestrator that has stopped waiting for it. */
const longestProbe = 2_000;

/** `/healthz`: the process lives. `/readyz`: it can serve, or says why not. */
export function healthRouter(database: Database): Router {
  const router = Router();
  router.get("/healthz", (_request, response) => {
    response.json({ status: "ok" });
  });
  router.get("/readyz", async (_request, response) => {
    try {
      await database.read("SELECT 1", [], longestProbe);
    } catch (error) {
      const cause = error instanceof UnavailableError ? error.cause : error;
      throw new UnavailableError(`The database cannot be reached (${errorCode(cause)}).`, cause);
    }
    response.json({ status: "ready" });
  });
  return router;
}
