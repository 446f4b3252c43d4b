import "reflect-metadata";
import { afterAll, vi } from "vitest";

// Test files share a process: what one replaces must be whole again in the next.
afterAll(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});
