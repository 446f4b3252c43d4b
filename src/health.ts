import { Router } from "express";
import { UnavailableError } from "./errors.js";
import type { Database } from "./store/database.js";

/** `/healthz`: the process lives. `/readyz`: it can serve, or says why not. */
export function healthRouter(database: Database): Router {
  const router = Router();
  router.get("/healthz", (_request, response) => {
    response.json({ status: "ok" });
  });
  router.get("/readyz", async (_request, response) => {
    try {
      await database.read("SELECT 1");
    } catch (error) {
      throw new UnavailableError("The database cannot be reached.", error);
    }
    response.json({ status: "ready" });
  });
  return router;
}
