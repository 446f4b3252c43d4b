import "reflect-metadata";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { freePort } from "../support/rehearsal/free-port.js";
import { startService, type TestService } from "../support/service.js";
import { openAudience } from "./audience.js";
import { dashboardQueries, metricNames, recordedQueries } from "./queries.js";

/**
 * Asks every query of the dashboard, every rule's recording and every metric that an alert names, of a
 * Prometheus that scrapes a busy service. Each must have a value. TEST_DATABASE_URL names a server: SQLite
 * has no pools, so their panels would be empty.
 */
const rulesFile = "observability/prometheus/rules.yml";
const dashboardFile = "observability/grafana/dashboards/service.json";
const longestWait = 50_000;

async function main(): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), "observability-"));
  const service = await startService({ WEBHOOK_MAX_BYTES: "100000" });
  const prometheus = await startPrometheus(folder, service);
  const audience = await openAudience(service);
  const simulation = simulate(service);
  try {
    const queries = await queriesOf();
    const missing = await askUntilAnswered(prometheus.url, queries, Date.now() + longestWait);
    for (const query of missing) console.error(`no value: ${query}`);
    console.log(`${queries.length - missing.length} of ${queries.length} queries have a value`);
    process.exitCode = missing.length === 0 ? 0 : 1;
  } finally {
    await Promise.all([end(simulation), end(prometheus.process)]);
    await audience.leave();
    await service.stop();
    await rm(folder, { recursive: true });
  }
}

async function queriesOf(): Promise<string[]> {
  const rules = await readFile(rulesFile, "utf8");
  const dashboard = await readFile(dashboardFile, "utf8");
  return [
    ...dashboardQueries(dashboard),
    ...recordedQueries(rules),
    ...metricNames(rules).map((name) => `count(${name})`),
  ];
}

async function startPrometheus(folder: string, { url }: TestService) {
  const rules = (await readFile(rulesFile, "utf8")).replaceAll(/interval: \w+$/gm, "interval: 1s");
  await writeFile(path.join(folder, "rules.yml"), rules);
  const configuration = {
    global: { scrape_interval: "1s", evaluation_interval: "1s" },
    rule_files: ["rules.yml"],
    scrape_configs: [
      { job_name: "conversation-agent-api", static_configs: [{ targets: [new URL(url).host] }] },
    ],
  };
  // JSON is YAML too.
  await writeFile(path.join(folder, "prometheus.yml"), JSON.stringify(configuration));
  const address = `127.0.0.1:${await freePort()}`;
  const child = spawn(
    "prometheus",
    [
      `--config.file=${path.join(folder, "prometheus.yml")}`,
      `--storage.tsdb.path=${path.join(folder, "data")}`,
      `--web.listen-address=${address}`,
      "--log.level=warn",
    ],
    { stdio: ["ignore", "ignore", "inherit"] },
  );
  await once(child, "spawn");
  return { url: `http://${address}`, process: child };
}

function simulate({ url }: TestService) {
  const parameters = ["--sessions", "2000", "--rate", "20", "--duplicate", "0.05", "--fresh"];
  const target = ["--url", `${url}/webhooks/whippy`];
  return spawn(process.execPath, ["--import", "tsx", "tools/simulate/main.ts", ...parameters, ...target], {
    stdio: "ignore",
  });
}

async function end(child: ReturnType<typeof spawn>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill();
  await once(child, "exit");
}

/** @returns the queries that have no value */
async function askUntilAnswered(
  url: string,
  queries: readonly string[],
  deadline: number,
): Promise<string[]> {
  let missing = [...queries];
  while (missing.length > 0 && Date.now() < deadline) {
    await delay(1_000);
    const answered = await Promise.all(missing.map((query) => hasValue(url, query)));
    missing = missing.filter((_query, index) => answered[index] !== true);
  }
  return missing;
}

interface Answer {
  readonly status: string;
  readonly error?: string;
  readonly data?: { readonly result: readonly { readonly value: readonly [number, string] }[] };
}

async function hasValue(url: string, query: string): Promise<boolean> {
  const parameters = new URLSearchParams({ query }).toString();
  const response = await fetch(`${url}/api/v1/query?${parameters}`).catch(() => undefined);
  if (response === undefined || response.status === 503) return false;
  const { status, error, data } = (await response.json()) as Answer;
  if (status !== "success") throw new Error(`${query}: ${error ?? status}`);
  return data?.result.some(({ value: [, text] }) => Number.isFinite(Number(text))) === true;
}

await main();
