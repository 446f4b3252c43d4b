import type { MigrationInterface, QueryRunner } from "typeorm";
import { fillSessionTerms } from "../fill-session-terms.js";

/** The words of a session and its messages in one row a session, where there was one for each text. */
export class CreateSessionTerms1764520000000 implements MigrationInterface {
  readonly name = "CreateSessionTerms1764520000000";

  async up(runner: QueryRunner): Promise<void> {
    for (const table of ["search_texts", "search_index"]) await runner.query(`DROP TABLE ${table}`);
    for (const statement of create("session_terms", "session_terms_index", "session_id"))
      await runner.query(statement);
    await fillSessionTerms(runner);
  }

  /** The old table is empty: `events replay --all --into-empty` fills it. */
  async down(runner: QueryRunner): Promise<void> {
    for (const table of ["session_terms", "session_terms_index"]) await runner.query(`DROP TABLE ${table}`);
    for (const statement of create("search_texts", "search_index", "owner_id")) await runner.query(statement);
  }
}

/** Rows of the index are found by the key, written as one word: VACUUM may change the row numbers of the table. */
function create(table: string, index: string, key: string): string[] {
  const word = (row: "new" | "old") => `replace(${row}.${key}, '-', '')`;
  const remove = `DELETE FROM ${index} WHERE rowid IN (SELECT rowid FROM ${index} WHERE ${index} MATCH 'owner:' || ${word("old")})`;
  const insert = `INSERT INTO ${index} (${key}, owner, terms) VALUES (new.${key}, ${word("new")}, new.terms)`;
  return [
    `CREATE TABLE ${table} (${key} varchar(36) PRIMARY KEY NOT NULL, terms text NOT NULL)`,
    `CREATE VIRTUAL TABLE ${index} USING fts5(${key} UNINDEXED, owner, terms, detail = column, tokenize = 'ascii')`,
    `CREATE TRIGGER ${table}_insert AFTER INSERT ON ${table} BEGIN ${insert}; END`,
    `CREATE TRIGGER ${table}_update AFTER UPDATE ON ${table} BEGIN ${remove}; ${insert}; END`,
    `CREATE TRIGGER ${table}_delete AFTER DELETE ON ${table} BEGIN ${remove}; END`,
  ];
}
