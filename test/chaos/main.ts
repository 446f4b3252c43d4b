import "reflect-metadata";
import { Command, InvalidArgumentError, Option } from "commander";
import { runScenarios, type Scenario } from "../support/rehearsal/scenario.js";
import { killInstances } from "./instances.js";
import { topologies } from "./topologies.js";
import { slowReader } from "./slow-reader.js";
import { starvingQuery } from "./starving-query.js";

const kill = "kill";

/**
 * `npm run chaos-test`: what clients do to each other and to the service, and what happens to instances.
 * Deliveries go on, and each subscriber hears of everything that it asks for, once and in order. Exits with 1
 * otherwise.
 */
const options = new Command()
  .addOption(
    new Option("--scenario <name...>", "kill is instances, Redis and databases that are killed with -9")
      .choices([kill, "slow-reader", "starving-query"])
      .default([kill]),
  )
  .addOption(
    new Option("--topology <name...>", "of kill: the databases behind the instances")
      .choices(Object.keys(topologies))
      .default(["single"]),
  )
  .option("--alarms", "of kill: an alarm's receiver, too; it takes a minute longer", false)
  .option("--seconds <n>", "how long events and kills go on, or a starving query", positive, 20)
  .option("--writers <n>", "of kill: deliveries at once", positive, 8)
  .option("--subscribers <n>", "of kill: subscribers", positive, 20)
  .option("--sessions <n>", "of starving-query: sessions to look through", positive, 76_800)
  .option("--rounds <n>", "how often the other scenarios are played", positive, 1)
  .parse()
  .opts<{
    scenario: string[];
    topology: string[];
    alarms: boolean;
    seconds: number;
    writers: number;
    subscribers: number;
    sessions: number;
    rounds: number;
  }>();

const scenarios: Readonly<Record<string, Scenario>> = {
  "slow-reader": slowReader,
  "starving-query": starvingQuery(options.sessions, options.seconds),
};
let hasSurvived = true;
if (options.scenario.includes(kill))
  for (const topology of options.topology)
    hasSurvived = (await killInstances(topology, options)) && hasSurvived;
const names = options.scenario.filter((name) => name !== kill);
const hasHeld = await runScenarios(scenarios, names, options.rounds, options.seconds + 150);
process.exit(hasSurvived && hasHeld ? 0 : 1);

function positive(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError("It must be a whole number from 1.");
  return Number(text);
}
