import "reflect-metadata";
import { afterAll, vi } from "vitest";
import { stopLeftOver } from "./left-over.js";

// Test files share a process: what one replaces must be whole again in the next.
afterAll(async () => {
  vi.restoreAllMocks();
  vi.useRealTimers();
  await stopLeftOver();
});
