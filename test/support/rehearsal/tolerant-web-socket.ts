import { WebSocket } from "ws";

/** One that is left while it connects says so by an error that nobody need hear. */
export class TolerantWebSocket extends WebSocket {
  constructor(url: string, protocol: string) {
    super(url, protocol);
    this.on("error", () => undefined);
  }
}
