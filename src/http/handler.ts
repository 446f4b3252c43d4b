import type { IncomingMessage, ServerResponse } from "node:http";

/**
 * What stands before the Express application, which turns each request and response into its own kind (see
 * docs/adr/0017-put-the-webhook-before-express.md). What is not for it, and every error, goes to `next`.
 */
export type Handler = (
  request: IncomingMessage,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => void | Promise<void>;
