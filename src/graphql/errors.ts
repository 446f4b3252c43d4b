import { ServiceError } from "../errors.js";

/** An event's session was erased after the event: there is nothing left to tell, and the event is skipped. */
export class SessionGoneError extends ServiceError {
  constructor() {
    super("The session of this event does not exist any more.", {
      status: 404,
      code: "NOT_FOUND",
      logLevel: "debug",
    });
  }
}
