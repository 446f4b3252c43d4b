/** The delivery statuses that say a message did not arrive, as far as they are known: the list is open. */
const failedStatuses: readonly string[] = ["failed", "delivery_failed", "sending_failed"];

/** What is counted of a session's messages tells these of each. */
export interface CountedMessage {
  readonly deliveryStatus: string | null;
  readonly direction: string | null;
  readonly mode: string | null;
}

/** What a session knows of the states of its messages. */
export interface MessageCounts {
  /** Those that did not arrive. */
  readonly failedMessageCount: number;
  /** Those that a person sent in place of the agent. */
  readonly manualMessageCount: number;
}

export function countMessages(messages: readonly CountedMessage[]): MessageCounts {
  return {
    failedMessageCount: messages.filter(isFailed).length,
    manualMessageCount: messages.filter(isManual).length,
  };
}

function isFailed({ deliveryStatus }: CountedMessage): boolean {
  return failedStatuses.includes(deliveryStatus ?? "");
}

function isManual({ direction, mode }: CountedMessage): boolean {
  return direction === "OUTBOUND" && mode === "manual";
}
