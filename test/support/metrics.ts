/** One line of Prometheus' text format. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** What a service's `/metrics` says. */
export async function readMetrics(url: string, headers: Record<string, string> = {}): Promise<Sample[]> {
  const response = await fetch(`${url}/metrics`, { headers });
  return parseMetrics(await response.text());
}

export function parseMetrics(text: string): Sample[] {
  return Array.from(text.matchAll(/^(\w+)(?:\{(.*)\})? (\S+)$/gm), ([, name = "", labels = "", value]) => ({
    name,
    labels: Object.fromEntries(
      Array.from(labels.matchAll(/(\w+)="((?:\\.|[^"\\])*)"/g), ([, key = "", text = ""]) => [key, text]),
    ),
    value: Number(value),
  }));
}

/** The sum of a metric's values that have these labels; undefined where there are none. */
export function sumOf(
  samples: readonly Sample[],
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  const found = samples.filter(
    (sample) =>
      sample.name === name && Object.entries(labels).every(([key, value]) => sample.labels[key] === value),
  );
  return found.length === 0 ? undefined : found.reduce((sum, { value }) => sum + value, 0);
}

/** As {@link sumOf}, of a service; a metric without values is an error. */
export async function metric(
  url: string,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): Promise<number> {
  const sum = sumOf(await readMetrics(url), name, labels);
  if (sum === undefined) throw new Error(`There is no metric ${name} ${JSON.stringify(labels)}.`);
  return sum;
}
