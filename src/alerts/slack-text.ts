import type { AlertBody } from "./alert-body.js";

/** Of a text, which may be a whole transcript. */
const longestValue = 300;
const longestText = 3_500;

/** A message in Slack's words, which others understand too: the rule, then a line for each fact. */
export function slackText({ type, data }: AlertBody): string {
  const { rule, session, expectation, statistic, omitted, sessionId, organizationId } = data;
  const facts = { ...expectation, ...statistic, ...(session ?? { sessionId, organizationId, omitted }) };
  const lines = Object.entries(facts).flatMap(([name, value]) =>
    value === null || value === undefined ? [] : [`${name}: ${shortened(value)}`],
  );
  const text = [`*${escaped(rule.name)}*: ${type.replace(".", " ")}`, ...lines].join("\n");
  return text.length > longestText ? `${text.slice(0, longestText)}…` : text;
}

function shortened(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return escaped(text.length > longestValue ? `${text.slice(0, longestValue)}…` : text);
}

/** The three characters that mean something to Slack: so nobody's words mention a channel, or hide a link. */
function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
