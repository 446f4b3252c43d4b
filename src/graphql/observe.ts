import type { ApolloServerPlugin } from "@apollo/server";
import type { Metrics } from "../metrics.js";
import type { RequestContext } from "./context.js";

/** Tells the metrics of each query over HTTP: how long it took, and whether it had errors. */
export function metricsPlugin(metrics: Metrics): ApolloServerPlugin<RequestContext> {
  return {
    requestDidStart: () => {
      const begun = performance.now();
      return Promise.resolve({
        willSendResponse: ({ errors }) => {
          metrics.operationFinished(performance.now() - begun, errors === undefined ? "ok" : "error");
          return Promise.resolve();
        },
      });
    },
  };
}
