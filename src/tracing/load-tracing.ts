import type { Tracing } from "./tracing.js";

/**
 * Loads OpenTelemetry where the standard variables name an endpoint for traces.
 * @returns undefined where they do not
 */
export async function loadTracing(env: NodeJS.ProcessEnv, version: string): Promise<Tracing | undefined> {
  const endpoint = env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? env.OTEL_EXPORTER_OTLP_ENDPOINT ?? "";
  if (endpoint === "" || env.OTEL_SDK_DISABLED === "true") return undefined;
  const { OpenTelemetryTracing } = await import("./open-telemetry.js");
  return new OpenTelemetryTracing(version);
}
