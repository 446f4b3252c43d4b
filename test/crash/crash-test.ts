import "reflect-metadata";
import { Command, InvalidArgumentError, Option } from "commander";
import { runScenarios, type Scenario } from "../support/rehearsal/scenario.js";
import { accountLimit } from "./account-limit.js";
import { balanced } from "./balanced.js";
import { galera } from "./galera.js";
import { killUnderLoad } from "./kill.js";
import { readOnlySwitchover } from "./read-only-switchover.js";
import { restoredBackup } from "./restored-backup.js";
import { rollingRelease } from "./rolling-release.js";

const scenarios: Readonly<Record<string, Scenario>> = {
  "read-only-switchover": readOnlySwitchover,
  "restored-backup": restoredBackup,
  "account-limit": accountLimit,
  "rolling-release": rollingRelease,
  balanced,
  galera,
};
const kill = "kill";
/** Within that a round ends, also where everything goes wrong. */
const secondsPerRound = 90;

/**
 * `npm run crash-test`: what happens to the service and its database, under load. Nothing that was
 * acknowledged may be lost, nothing may be a dead letter without fault, and subscribers hear of everything
 * once, or are told what they miss. Exits with 1 otherwise.
 */
const options = new Command()
  .addOption(
    new Option("--scenario <name...>", "kill is kill -9 of the service and of the database")
      .choices([kill, ...Object.keys(scenarios)])
      .default([kill]),
  )
  .addOption(
    new Option("--database <kind...>", "of the scenario kill; the others have MariaDB")
      .choices(["sqlite", "mariadb", "mysql"])
      .default(["sqlite", "mariadb"]),
  )
  .option("--rounds <n>", "how often each scenario is played", positive, 2)
  .parse()
  .opts<{ scenario: string[]; database: string[]; rounds: number }>();

if (options.scenario.includes(kill))
  for (const kind of options.database) await killUnderLoad(kind, options.rounds);
const names = options.scenario.filter((name) => name !== kill);
process.exit((await runScenarios(scenarios, names, options.rounds, secondsPerRound)) ? 0 : 1);

function positive(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError("It must be a whole number from 1.");
  return Number(text);
}
