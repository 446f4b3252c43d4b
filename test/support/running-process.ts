import { type ChildProcess, spawn } from "node:child_process";
import { builtService } from "./built-command.js";

/** The service as a process of its own: it can be stopped and killed, and all it says is kept. */
export interface RunningProcess {
  readonly url: string;
  readonly process: ChildProcess;
  /** Everything on stdout and stderr so far. */
  output(): string;
  /** Ends it, and says with which code and after how many milliseconds. */
  end(signal: NodeJS.Signals): Promise<{ readonly code: number | null; readonly milliseconds: number }>;
}

/** Starts the service; with PORT 0 it chooses its own. */
export async function startProcess(environment: Record<string, string>): Promise<RunningProcess> {
  const child = spawn(process.execPath, [builtService], {
    env: { PATH: process.env.PATH, PORT: "0", ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  let said = "";
  const url = await new Promise<string>((resolve, reject) => {
    const hear = (text: Buffer) => {
      said += text.toString();
      const match = /"webhook":"(http:[^"]+)\/webhooks\/whippy"/.exec(said);
      if (match?.[1] !== undefined) resolve(match[1]);
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    void ended.then(() => {
      reject(new Error(`The service did not start: ${said}`));
    });
  });
  return {
    url,
    process: child,
    output: () => said,
    end: async (signal) => {
      const from = performance.now();
      child.kill(signal);
      return { code: await ended, milliseconds: performance.now() - from };
    },
  };
}
