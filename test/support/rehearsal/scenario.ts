import { setTimeout as delay } from "node:timers/promises";

/** What one round came to. */
export interface Outcome {
  readonly figures: Readonly<Record<string, string | number>>;
  /** What is not as it must be. */
  readonly problems: readonly string[];
}

/** A trouble of real life, rehearsed so many times; what it started it also ends. */
export type Scenario = (rounds: number, report: (outcome: Outcome) => void) => Promise<void>;

/** For starting and stopping servers, beside what each round may take. */
const longestSetUp = 120;

/** Runs scenarios one after another and prints a table for each. @returns whether all went as they must */
export async function runScenarios(
  scenarios: Readonly<Record<string, Scenario>>,
  names: readonly string[],
  rounds: number,
  secondsPerRound: number,
): Promise<boolean> {
  let failed = false;
  for (const name of names) {
    const outcomes: Outcome[] = [];
    const problems: string[] = [];
    const seconds = longestSetUp + rounds * secondsPerRound;
    const tooLong = delay(seconds * 1_000, undefined, { ref: false }).then(() => {
      throw new Error(`It did not end within ${seconds} s.`);
    });
    await Promise.race([scenarios[name]?.(rounds, (outcome) => outcomes.push(outcome)), tooLong]).catch(
      (error: unknown) => {
        problems.push(error instanceof Error ? error.message : String(error));
      },
    );
    problems.unshift(
      ...outcomes.flatMap((outcome, round) => outcome.problems.map((text) => `round ${round + 1}: ${text}`)),
    );
    console.log(`\n${name}: ${problems.length === 0 ? "all as it must be" : "FAILED"}`);
    console.table(outcomes.map(({ figures }) => figures));
    for (const problem of new Set(problems))
      console.log(`  ${problems.filter((each) => each === problem).length} × ${problem}`);
    failed ||= problems.length > 0;
  }
  return !failed;
}
