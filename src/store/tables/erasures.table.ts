import { defineTable } from "../table.js";

/** That somebody was erased: what still arrives of them is stored without personal data. */
export interface ErasureRow {
  /** HMAC-SHA256 of a phone number, e-mail address, contact id or conversation id, under a key of this database. */
  identifierHmac: string;
  erasedAt: string;
}

export const erasures = defineTable<ErasureRow>({
  name: "erasures",
  columns: (types) => ({
    identifierHmac: types.hash({ primary: true }),
    erasedAt: types.instant(),
  }),
});
