import { type Abuse, headersOf, repeat, type Target } from "./abuse.js";

const zone = "America/Argentina/ComodRivadavia";
const query = `query ($zone: String) {
  sessionStats(interval: DAY, timeZone: $zone, filter: {language: {eq: "none"}}) { sessionCount }
}`;

/** One time zone, spelled in other upper and lower case each time. */
export function timeZoneSpellings(target: Target): Abuse {
  return repeat("spellings of a time zone", async (signal) => {
    const spelled = zone.replaceAll(/[a-z]/gi, (letter) =>
      Math.random() < 0.5 ? letter.toUpperCase() : letter.toLowerCase(),
    );
    const response = await fetch(`${target.url}/graphql`, {
      method: "POST",
      headers: headersOf(target),
      body: JSON.stringify({ query, variables: { zone: spelled } }),
      signal,
    });
    await response.arrayBuffer();
  });
}
