/**
 * What a field tells of a person, and so what becomes of it where a masked reader asks, where the person is
 * erased, and where an erased person is mentioned. Each declared field names one of the constants below;
 * there is no default.
 */
export interface Privacy {
  /**
   * What a masked reader gets: the value; null; the end of an address; those answers that identify nobody
   * (see store/readers/mask.ts); of the settings, the questions.
   */
  readonly masked: "shown" | "withheld" | "shortened" | "answers" | "questions";
  /**
   * What is left of it once the person is erased: the value; null; null unless it is the organization's own
   * address.
   */
  readonly erased: "kept" | "removed" | "removedUnlessOwn";
  /**
   * Where mentions of an erased person are looked for: nowhere; in the text; in the texts and numbers of the
   * JSON value.
   */
  readonly scrubbed: "never" | "text" | "json";
}

/** Tells nothing of a person: ids of ours, times, codes, counts. */
export const notPersonal: Privacy = { masked: "shown", erased: "kept", scrubbed: "never" };

/**
 * Stands for the person: an id of the contact. Masked readers see it, because it tells nothing without
 * Whippy.
 */
export const personId: Privacy = { masked: "shown", erased: "removed", scrubbed: "never" };

/** A phone number or an e-mail address: the person's, or the organization's own. */
export const personAddress: Privacy = {
  masked: "shortened",
  erased: "removedUnlessOwn",
  scrubbed: "text",
};

/** A text that the person wrote, or that was written to or about the person. */
export const personText: Privacy = { masked: "withheld", erased: "removed", scrubbed: "text" };

/** JSON that may hold anything of the person. */
export const personJson: Privacy = { masked: "withheld", erased: "removed", scrubbed: "json" };

/** The answers of an analysis, by question. */
export const personAnswers: Privacy = { masked: "answers", erased: "removed", scrubbed: "json" };

/** A text about the agent. It may still mention a person by mistake. */
export const agentText: Privacy = { masked: "shown", erased: "kept", scrubbed: "text" };

/** The agent's settings: they hold prompts and telephone numbers. */
export const agentSettings: Privacy = { masked: "questions", erased: "kept", scrubbed: "json" };
