import { act, createElement } from "react";
import type { Root } from "react-dom/client";
import { vi } from "vitest";

/** Renders a hook again and again, as a component does that shows nothing. */
export interface RenderedHook<Input, Output> {
  /** What the hook returned last. */
  readonly output: Output | undefined;
  render(input: Input): void;
  unmount(): void;
}

/**
 * Renders a hook with React's own renderer. There is no browser: where nothing is shown, React asks its
 * container and the window for no more than what is here. `vi.unstubAllGlobals()` takes the window away.
 */
export async function renderHook<Input extends object, Output>(
  use: (input: Input) => Output,
  input: Input,
): Promise<RenderedHook<Input, Output>> {
  vi.stubGlobal("window", { HTMLIFrameElement: EventTarget });
  const { createRoot } = await import("react-dom/client");
  const listening = { addEventListener: () => undefined, removeEventListener: () => undefined };
  const ownerDocument = { nodeType: 9, ...listening };
  const container = { nodeType: 1, nodeName: "DIV", tagName: "DIV", ownerDocument, ...listening };
  const root: Root = createRoot(container);
  const rendered: { output: Output | undefined } = { output: undefined };
  const Component = (given: Input) => {
    rendered.output = use(given);
    return null;
  };
  const render = (given: Input) => {
    root.render(createElement(Component, given));
  };
  render(input);
  return {
    get output() {
      return rendered.output;
    },
    render,
    unmount: () => {
      vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true);
      // Leaves nothing to be done after the test.
      act(() => {
        root.unmount();
      });
      vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", false);
    },
  };
}
