import { defineTable } from "../table.js";

/** The words of a session's own texts, or of a message's: see search-terms.ts. */
export interface SearchTextRow {
  /** The session's or the message's id. */
  readonly ownerId: string;
  readonly terms: string;
}

export const searchTexts = defineTable<SearchTextRow>({
  name: "search_texts",
  columns: (types) => ({
    ownerId: types.uuid({ primary: true }),
    terms: types.longAscii(),
  }),
  // SQLite has no such index: there the virtual table search_index does its work, kept by triggers.
  indices: [{ name: "ft_search_texts_terms", columns: ["terms"], fulltext: true }],
});
