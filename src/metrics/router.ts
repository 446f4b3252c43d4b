import { Router } from "express";
import { demandOperator } from "../access/caller.js";
import type { Gate } from "../access/gate.js";
import type { Metrics } from "./metrics.js";

/** `/metrics` for Prometheus: for operators only, as they count over all organizations. */
export function metricsRouter({ registry }: Metrics, gate: Pick<Gate, "callerOf">): Router {
  const router = Router();
  router.get("/metrics", async (request, response) => {
    demandOperator(gate.callerOf(request), "Metrics");
    response.type(registry.contentType).send(await registry.metrics());
  });
  return router;
}
