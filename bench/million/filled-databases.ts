import {
  type BenchDatabase,
  createDatabase,
  type DatabaseServer,
  type ServerSettings,
} from "../databases.js";
import { LoadGenerator, startUnderTest } from "../processes.js";
import { fill, type Filled } from "./fill.js";

/**
 * Indexes are sorted in memory and the log does not wrap while the tables are filled; pages need no second
 * copy, as nothing must outlive a crash. What is measured afterwards reads for the most part.
 */
export const filledServer: ServerSettings = {
  bufferPool: "2G",
  options: ["--innodb-sort-buffer-size=64M", "--innodb-log-file-size=2G", "--innodb-doublewrite=0"],
};

/** A database with as many sessions as were wanted, and the one that they are copies of. */
export interface FilledDatabases {
  readonly templates: BenchDatabase;
  readonly filled: BenchDatabase;
  readonly size: Filled;
  drop(): Promise<void>;
}

/** Makes them on a server, and says on stderr how far it is. */
export async function fillDatabases(server: DatabaseServer, wanted: number): Promise<FilledDatabases> {
  const templates = await createDatabase(server);
  const filled = await createDatabase(server);
  const drop = async () => {
    await filled.drop();
    await templates.drop();
  };
  try {
    await projectTemplates(templates, Math.min(2_000, wanted));
    const size = await fill(templates.url, filled.url, wanted);
    console.error(`${size.sessions} sessions, ${size.messages} messages in ${size.seconds.toFixed(0)} s`);
    return { templates, filled, size, drop };
  } catch (error) {
    await drop();
    throw error;
  }
}

/** The service itself projects the templates from the simulator's signed deliveries. */
async function projectTemplates({ url }: BenchDatabase, sessions: number): Promise<void> {
  const service = await startUnderTest("service", url);
  const load = new LoadGenerator();
  try {
    await load.run({ kind: "ingest", sessions, round: 0, url: service.url, concurrency: 32 });
  } finally {
    await load.stop();
    await service.stop();
  }
}
