/** The delivery statuses that say a message did not arrive, as far as they are known: the list is open. */
export const failedStatuses: readonly string[] = ["failed", "delivery_failed", "sending_failed"];

/** How many of these messages did not arrive. */
export function countFailed(messages: readonly { readonly deliveryStatus: string | null }[]): number {
  return messages.filter(({ deliveryStatus }) => failedStatuses.includes(deliveryStatus ?? "")).length;
}
