import { defineTable } from "../table.js";

/** The words of all texts of a session, its messages' among them: see search-terms.ts. None where there is no word. */
export interface SessionTermsRow {
  readonly sessionId: string;
  readonly terms: string;
}

export const sessionTerms = defineTable<SessionTermsRow>({
  name: "session_terms",
  columns: (types) => ({
    sessionId: types.uuid({ primary: true }),
    terms: types.longAscii(),
  }),
  // SQLite has no such index: there the virtual table session_terms_index does its work, kept by triggers.
  indices: [{ name: "ft_session_terms_terms", columns: ["terms"], fulltext: true }],
});
