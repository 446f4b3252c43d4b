import { BadInputError } from "../../errors.js";

/** Characters of the id that a client gives an operation. */
const longestId = 255;

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

  /**
   * Hands a client's message on, as graphql-ws is to see it; settles when what it began has ended. Not async,
   * so that the text is not kept until then.
   * @throws BadInputError (rejecting) where the id is too long, or the message is nested without end
   */
  receive(text: string, handle: (text: string) => Promise<void>): Promise<void> {
    const message = parseMessage(text);
    if (message?.type === "subscribe") return this.begin(message, handle);
    return message?.type === "complete" ? this.complete(message, handle) : handle(text);
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
    if (id.length > longestId)
      throw new BadInputError(`id: must not be longer than ${longestId} characters.`);
    // An id in use stays the same one: graphql-ws closes the socket, as the protocol demands.
    const own = this.own.get(id) ?? `${(this.begun += 1)}:${id}`;
    const renamed = textOf({ ...message, id: own });
    this.own.set(id, own);
    this.running += 1;
    try {
      await handle(renamed);
    } finally {
      this.running -= 1;
      if (this.own.get(id) === own) this.own.delete(id);
    }
  }

  private async complete(message: OperationMessage, handle: (text: string) => Promise<void>): Promise<void> {
    const own = this.own.get(message.id);
    this.own.delete(message.id);
    if (own !== undefined) await handle(textOf({ ...message, id: own }));
  }
}

interface OperationMessage {
  readonly type: string;
  readonly id: string;
  readonly payload: unknown;
}

/** @throws BadInputError where no stack is long enough for it */
function textOf(message: OperationMessage): string {
  try {
    return JSON.stringify(message);
  } catch (error) {
    if (error instanceof RangeError) throw new BadInputError("payload: is nested too deep.");
    throw error;
  }
}

const idStart = '{"id":"'.length;

/**
 * @returns what the protocol knows of a message, or undefined where it is none of an operation: then
 * graphql-ws says what is wrong with it
 */
function parseMessage(text: string): OperationMessage | undefined {
  try {
    const message = JSON.parse(text) as Partial<OperationMessage> | null;
    const { type, id, payload } = message ?? {};
    return typeof type === "string" && typeof id === "string" && id !== ""
      ? { type, id, payload }
      : undefined;
  } catch {
    return undefined;
  }
}
