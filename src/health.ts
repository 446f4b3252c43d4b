import { Router } from "express";
import { UnavailableError } from "./errors.js";
import type { Database } from "./store/database.js";
import { errorCode } from "./store/database-errors.js";
import type { NewerMigrations } from "./store/newer-migrations.js";

/** A probe is of no use to an orchestrator that has stopped waiting for it. */
const longestProbe = 2_000;

/**
 * `/healthz`: the process lives. `/readyz`: it can store deliveries, with the kind of database and of
 * cluster and the migrations of a newer release, or says why not.
 */
export function healthRouter(database: Database, newer: NewerMigrations): Router {
  const router = Router();
  router.get("/healthz", (_request, response) => {
    response.json({ status: "ok" });
  });
  router.get("/readyz", async (_request, response) => {
    try {
      await database.checkWritable(longestProbe);
    } catch (error) {
      if (!(error instanceof UnavailableError)) throw error;
      const why = error.message.replace(/\.$/, "");
      throw new UnavailableError(`${why} (${errorCode(error.cause)}).`, error.cause);
    }
    const newerMigrations = await newer.look();
    response.json({
      status: "ready",
      database: database.dialect.name,
      cluster: database.cluster,
      ...(newerMigrations.length > 0 && { newerMigrations }),
    });
  });
  return router;
}
