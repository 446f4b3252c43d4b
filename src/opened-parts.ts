/** What has been opened and must be closed again: all of it, in reverse order, once. */
export class OpenedParts {
  private readonly closings: (() => Promise<void>)[] = [];

  /** @param close how to close the part that was opened last */
  add(close: () => Promise<void>): void {
    this.closings.push(close);
  }

  /** Closes every part, also where another one cannot be closed; then throws the first error. */
  async close(): Promise<void> {
    const errors: unknown[] = [];
    for (let close = this.closings.pop(); close !== undefined; close = this.closings.pop())
      await close().catch((error: unknown) => errors.push(error));
    if (errors.length > 0) throw errors[0];
  }
}
