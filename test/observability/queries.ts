/** What Grafana puts into the place of its variables. */
const variables: readonly (readonly [variable: string, value: string])[] = [
  ["$__rate_interval", "1m"],
  ["$instance", ".*"],
];

/** The queries of all panels of a dashboard. */
export function dashboardQueries(json: string): string[] {
  const { panels } = JSON.parse(json) as {
    readonly panels: readonly { readonly targets?: readonly { readonly expr: string }[] }[];
  };
  return panels
    .flatMap(({ targets = [] }) => targets)
    .map(({ expr }) => variables.reduce((text, [name, value]) => text.replaceAll(name, value), expr));
}

/** One query for each series that the rules record. */
export function recordedQueries(rules: string): string[] {
  return Array.from(
    rules.matchAll(/- record: (\S+)\n\s+labels: \{ slo: (\w+) \}/g),
    ([, name = "", slo = ""]) => `${name}{slo="${slo}"}`,
  );
}

/** Names of metrics that the rules' expressions use. */
export function metricNames(rules: string): string[] {
  const expressions = rules
    .replaceAll(/^ +annotations:\n(?: {10,}.*\n)*/gm, "")
    .replaceAll(/^ +(?:labels:|#).*$/gm, "");
  const names = expressions.matchAll(
    /\b(?:(?:webhook|feed|graphql|limit|alert|database|nodejs|retention|conversation)_\w+|up(?=\{))/g,
  );
  return [...new Set(Array.from(names, ([name]) => name))];
}
