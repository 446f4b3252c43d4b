import type { Message } from "./sink.js";

/** As much as is worth one system call; a larger message is a portion by itself. */
const portionBytes = 16 * 1024;

/**
 * Messages in the portions that are handed to a consumer together. Between two portions it is asked whether
 * it keeps up, so no more than one of them waits for it beyond its limit.
 */
export function inPortions(messages: readonly Message[]): readonly (readonly Message[])[] {
  const portions: Message[][] = [];
  let room = 0;
  for (const message of messages) {
    const current = portions.at(-1);
    if (current !== undefined && message.json.length <= room) current.push(message);
    else {
      portions.push([message]);
      room = portionBytes;
    }
    room -= message.json.length;
  }
  return portions;
}
