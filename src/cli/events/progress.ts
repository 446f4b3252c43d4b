import { SingleBar } from "cli-progress";

/** A bar on a terminal; nothing at all where the stream is a file or a pipe. */
export interface Progress {
  readonly to: (done: number) => void;
  readonly stop: () => void;
}

/** @param unit what is counted, such as `events` */
export function showProgress(stream: NodeJS.WriteStream, unit: string, total: number): Progress {
  if (!stream.isTTY) return { to: () => undefined, stop: () => undefined };
  const bar = new SingleBar({
    format: `{bar} {percentage}% | {value}/{total} ${unit} | {eta_formatted} left`,
    stream,
    hideCursor: true,
    clearOnComplete: true,
    etaBuffer: 200,
    gracefulExit: false,
  });
  bar.start(total, 0);
  return {
    to: (done) => {
      bar.update(done);
    },
    stop: () => {
      bar.stop();
    },
  };
}
