/**
 * What an error of the database says: whose fault it is, and what to do. Only a closed list is the fault of
 * the data. Every other error, known or not, is a trouble of the database that may pass.
 */

/**
 * MySQL's and MariaDB's errors of a value that does not fit its column, its type or its range. The tables
 * hold no JSON columns, checks or foreign keys, and each INSERT names all columns, so errors of these (3140,
 * 3819, 4025, 1452, 1364) say nothing of an event. TiDB and Vitess use MySQL's numbers here; their 1105
 * stands for anything, and is not listed.
 */
const dataFaults = new Set([
  1048, // ER_BAD_NULL_ERROR: null where a column must have a value
  1118, // ER_TOO_BIG_ROWSIZE: the row's values together are too long
  1264, // ER_WARN_DATA_OUT_OF_RANGE: a number or instant beyond its column's range
  1265, // WARN_DATA_TRUNCATED: a number that its column cannot hold
  1267, // ER_CANT_AGGREGATE_2COLLATIONS: a text beyond ASCII, compared with a column of ASCII
  1292, // ER_TRUNCATED_WRONG_VALUE: not an instant or a number
  1300, // ER_INVALID_CHARACTER_STRING: not a text of its character set
  1366, // ER_TRUNCATED_WRONG_VALUE_FOR_FIELD: a text beyond its column's character set, or not a number
  1367, // ER_ILLEGAL_VALUE_FOR_TYPE: a number beyond every type
  1406, // ER_DATA_TOO_LONG: longer than its column
  1525, // ER_WRONG_VALUE: not an instant, where MySQL compares it with a column of instants
  1690, // ER_DATA_OUT_OF_RANGE: beyond the range of what is computed
  1713, // ER_UNDO_RECORD_TOO_BIG: the row's change is too large
  3854, // ER_CANNOT_CONVERT_STRING: a text that its column's character set cannot hold
  3988, // ER_IMPOSSIBLE_STRING_CONVERSION: the same, where it is compared
]);

/** The same of SQLite, whose columns have neither a length nor a range. */
const sqliteDataFaults = new Set([
  "SQLITE_TOOBIG",
  "SQLITE_MISMATCH",
  "SQLITE_CONSTRAINT_NOTNULL",
  "SQLITE_CONSTRAINT_DATATYPE",
]);

/**
 * Rolled back because of what others did at the same time: deadlocks, waits for locks, and lost races for a
 * row or a commit.
 */
const conflicts = new Set([
  1020, // ER_CHECKREAD: MariaDB's snapshot isolation
  1205, // ER_LOCK_WAIT_TIMEOUT
  1213, // ER_LOCK_DEADLOCK; Galera's lost certification too
  1412, // ER_TABLE_DEF_CHANGED
  3101, // ER_TRANSACTION_ROLLBACK_DURING_COMMIT: Group Replication's lost certification
  3572, // ER_LOCK_NOWAIT
  8002, // TiDB: write conflict of SELECT … FOR UPDATE
  8022, // TiDB: the commit failed and was rolled back
  8028, // TiDB: the tables were changed meanwhile
  9007, // TiDB: write conflict
]);

/** The server on this connection takes no writes (any more): another one may, at the same name. */
const withoutWrites = new Set([
  1047, // ER_UNKNOWN_COM_ERROR: "WSREP has not yet prepared node" (Galera)
  1290, // ER_OPTION_PREVENTS_STATEMENT: read_only, super_read_only
  1792, // ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION: transaction_read_only
  1836, // ER_READ_ONLY_MODE: innodb_read_only; TiDB's restricted read only
  1874, // ER_INNODB_READ_ONLY
]);

/**
 * The server was reached and refuses us, until somebody changes the account or DATABASE_URL: a wrong
 * password, host or database, or an account that is locked or expired.
 */
const refusals = new Set([1044, 1045, 1049, 1130, 1698, 1820, 1862, 3118, 4151]);

/** An error of the driver or the server, and not of our own code. */
export function isDatabaseError(error: unknown): boolean {
  return (
    errorNumber(error) !== 0 || /^(?:ER|SQLITE|PROTOCOL)_/.test(codeOf(error)) || isConnectionLost(error)
  );
}

/** The data does not fit its column, its type or its range: the same data fails again. */
export function isDataFault(error: unknown): boolean {
  return dataFaults.has(errorNumber(error)) || sqliteDataFaults.has(codeOf(error));
}

/** Errors after which the same transaction may succeed at once, since it was rolled back. */
export function isRetryable(error: unknown): boolean {
  return (
    conflicts.has(errorNumber(error)) ||
    isOvertaken(error) ||
    isWithoutWrites(error) ||
    /SQLITE_BUSY|SQLITE_LOCKED|database is locked/.test(`${codeOf(error)} ${errorText(error)}`)
  );
}

/** Another transaction stored a row of the same key since this one looked for it. */
function isOvertaken(error: unknown): boolean {
  const isDuplicate = errorNumber(error) === 1062 || errorText(error).includes("UNIQUE constraint failed");
  return isDuplicate && !isKnownDelivery(error);
}

/** The server on this connection takes no writes, as the old primary after a switchover. */
export function isWithoutWrites(error: unknown): boolean {
  return withoutWrites.has(errorNumber(error));
}

/** The node on this connection has lost the others of its Galera cluster: it answers not even reads. */
export function isWithoutOthers(error: unknown): boolean {
  return errorNumber(error) === 1047;
}

/**
 * A row with this raw event's hash is in the log. A conflict on any other key must not be taken for it, for
 * the delivery would be lost: the server names the key as a whole word, in quotes (and the rest in the
 * language it is set to), and quotes the value too.
 */
export function isKnownDelivery(error: unknown): boolean {
  const text = errorText(error);
  if (errorNumber(error) === 1062) return /'(?:\w+\.)?ux_webhook_events_body_sha256'/.test(text);
  return text.includes("UNIQUE constraint failed: webhook_events.body_sha256");
}

/**
 * The server ended a reading statement that took longer than it may: MariaDB's number, and MySQL's. The
 * connection stays usable.
 */
export function isOutOfTime(error: unknown): boolean {
  return [1969, 3024].includes(errorNumber(error));
}

/** The connection or the server went away: what was asked may succeed later, unchanged. */
export function isConnectionLost(error: unknown): boolean {
  const { fatal } = (error ?? {}) as { fatal?: unknown };
  if (fatal === true || connectionCodes.has(codeOf(error))) return true;
  return /closed state|Pool is closed|Queue limit reached/.test(errorText(error));
}

/** The server refuses the account: waiting does not help. */
export function isRefused(error: unknown): boolean {
  return refusals.has(errorNumber(error));
}

/**
 * A short code that says what went wrong and holds no data: `ER_DATA_TOO_LONG`, `SQLITE_FULL`, or the error's
 * type.
 */
export function errorCode(error: unknown): string {
  const code = codeOf(error);
  if (/^[A-Z][A-Z0-9_]{2,60}$/.test(code)) return code;
  const number = errorNumber(error);
  if (number > 0) return `ER_${number}`;
  return error instanceof Error ? error.name : typeof error;
}

const connectionCodes = new Set([
  "PROTOCOL_CONNECTION_LOST",
  "PROTOCOL_SEQUENCE_TIMEOUT",
  "ECONNREFUSED",
  "ECONNRESET",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EPIPE",
  "ETIMEDOUT",
  "ER_SERVER_SHUTDOWN",
  "ER_CON_COUNT_ERROR",
  "ER_NORMAL_SHUTDOWN",
  "ER_QUERY_INTERRUPTED",
  "POOL_CLOSED",
  "DATABASE_STALLED",
]);

function codeOf(error: unknown): string {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === "string" ? code : "";
}

function errorNumber(error: unknown): number {
  const { errno } = (error ?? {}) as { errno?: unknown };
  return typeof errno === "number" ? errno : 0;
}

function errorText(error: unknown): string {
  return error instanceof Error ? error.message : "";
}
