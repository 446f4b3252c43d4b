import { CreateTables1764000000000 } from "./1764000000000-create-tables.js";
import { CreateSearchTexts1764300000000 } from "./1764300000000-create-search-texts.js";
import { CreateAccessTables1764400000000 } from "./1764400000000-create-access-tables.js";
import { CountFailedMessages1764490000000 } from "./1764490000000-count-failed-messages.js";
import { WidenSessionIndexes1764500000000 } from "./1764500000000-widen-session-indexes.js";
import { IndexMessageAddresses1764510000000 } from "./1764510000000-index-message-addresses.js";
import { CreateSessionTerms1764520000000 } from "./1764520000000-create-session-terms.js";
import { IndexAnswerNames1764530000000 } from "./1764530000000-index-answer-names.js";
import { IndexAuditTimes1764540000000 } from "./1764540000000-index-audit-times.js";
import { NoteOddFields1764560000000 } from "./1764560000000-note-odd-fields.js";
import { AddFeedEpochs1764570000000 } from "./1764570000000-add-feed-epochs.js";

/** In order; a new migration is added at the end. */
export const sqliteMigrations = [
  CreateTables1764000000000,
  CreateSearchTexts1764300000000,
  CreateAccessTables1764400000000,
  CountFailedMessages1764490000000,
  WidenSessionIndexes1764500000000,
  IndexMessageAddresses1764510000000,
  CreateSessionTerms1764520000000,
  IndexAnswerNames1764530000000,
  IndexAuditTimes1764540000000,
  NoteOddFields1764560000000,
  AddFeedEpochs1764570000000,
];
