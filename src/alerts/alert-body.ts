/** What a receiver gets, in the shape that Standard Webhooks advises. */
export interface AlertBody {
  /** Such as `session.analyzed`, `session.overdue`, `statistic.crossed`, `test`. */
  readonly type: string;
  /** When the change was received, or the statistic judged. */
  readonly timestamp: string;
  readonly data: AlertData;
}

interface AlertData {
  readonly rule: { readonly id: string; readonly name: string };
  readonly organizationId: string | null;
  readonly eventId?: string | null;
  readonly sessionId?: string;
  /** The session as it is now: its exported fields, masked unless the rule is personal. */
  readonly session?: Readonly<Record<string, unknown>> | null;
  /** Why there is no session. */
  readonly omitted?: "gone" | "too_large";
  /** What is overdue, as it is now. */
  readonly expectation?: Readonly<Record<string, unknown>> | null;
  readonly statistic?: Readonly<Record<string, unknown>>;
}
