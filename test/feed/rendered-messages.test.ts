import { expect, it } from "vitest";
import { RenderedMessages } from "../../src/feed/rendered-messages.js";

const epoch = "e".repeat(16);

/** Renders messages of a size, and counts how often each one was. */
function counted(bytes: number) {
  const messages = new RenderedMessages();
  const times = new Map<number, number>();
  const render = (position: number) =>
    messages.once(String(position), () => {
      times.set(position, (times.get(position) ?? 0) + 1);
      return Promise.resolve({ position, epoch, cursor: "", json: Buffer.alloc(bytes) });
    });
  return { render, times };
}

it("a message is rendered once for all who want it at the same time, or just afterwards", async () => {
  const { render, times } = counted(10);
  const [first, second] = await Promise.all([render(1), render(1)]);
  expect(second).toBe(first);
  expect(await render(1)).toBe(first);
  expect(times.get(1)).toBe(1);
});

it("messages of all groups together are kept by their bytes, not by their number", async () => {
  const { render, times } = counted(1024 * 1024);
  for (let position = 1; position <= 100; position += 1) await render(position);
  await render(100);
  await render(1);
  expect([times.get(100), times.get(1)]).toEqual([1, 2]);
});

it("a message that could not be rendered is rendered anew", async () => {
  const messages = new RenderedMessages();
  await expect(messages.once("1", () => Promise.reject(new Error("away")))).rejects.toThrow("away");
  expect(await messages.once("1", () => Promise.resolve(undefined))).toBeUndefined();
});
