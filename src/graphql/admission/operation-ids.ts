/**
 * The operations of one socket, each under an id of its own. graphql-ws keeps them by the client's ids: where
 * a client completes an operation and uses its id again at once, the first one is forgotten, and goes on
 * unseen until the process ends.
 */
export class OperationIds {
  /** Own ids of the operations that run, by the client's. */
  private readonly own = new Map<string, string>();
  private begun = 0;
  /** Operations that have not come to their end, those too that the client has completed. */
  running = 0;

  /** Hands a client's message on, as graphql-ws is to see it; settles when what it began has ended. */
  async receive(text: string, handle: (text: string) => Promise<void>): Promise<void> {
    const message = parseMessage(text);
    if (message?.type === "subscribe") await this.begin(message, handle);
    else if (message?.type === "complete") {
      const own = this.own.get(message.id);
      this.own.delete(message.id);
      if (own !== undefined) await handle(JSON.stringify({ ...message, id: own }));
    } else await handle(text);
  }

  /** What graphql-ws says, under the client's id. */
  send(text: string): string {
    return /^\{"id":"\d+:/.test(text) ? `{"id":"${this.clientsId(text.slice(idStart))}` : text;
  }

  clientsId(own: string): string {
    return own.slice(own.indexOf(":") + 1);
  }

  private async begin(message: OperationMessage, handle: (text: string) => Promise<void>): Promise<void> {
    const { id } = message;
    // An id in use stays the same one: graphql-ws closes the socket, as the protocol demands.
    const own = this.own.get(id) ?? `${(this.begun += 1)}:${id}`;
    this.own.set(id, own);
    this.running += 1;
    try {
      await handle(JSON.stringify({ ...message, id: own }));
    } finally {
      this.running -= 1;
      if (this.own.get(id) === own) this.own.delete(id);
    }
  }
}

interface OperationMessage {
  readonly type: string;
  readonly id: string;
}

const idStart = '{"id":"'.length;

/** @returns undefined where it is none of an operation; graphql-ws says what is wrong with it */
function parseMessage(text: string): OperationMessage | undefined {
  try {
    const message = JSON.parse(text) as Partial<OperationMessage> | null;
    const { type, id } = message ?? {};
    return typeof type === "string" && typeof id === "string" && id !== ""
      ? { ...message, type, id }
      : undefined;
  } catch {
    return undefined;
  }
}
