import type { MigrationInterface, QueryRunner } from "typeorm";

export class CreateSearchTexts1764300000000 implements MigrationInterface {
  readonly name = "CreateSearchTexts1764300000000";

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of statements) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query("DROP TABLE search_texts");
    await runner.query("DROP TABLE search_index");
  }
}

/** Rows of the index are found by the owner, written as one word: VACUUM may change the row numbers of the table. */
const owner = (row: "new" | "old") => `replace(${row}.owner_id, '-', '')`;
const remove = `DELETE FROM search_index WHERE rowid IN
  (SELECT rowid FROM search_index WHERE search_index MATCH 'owner:' || ${owner("old")})`;
const insert = `INSERT INTO search_index (owner_id, owner, terms) VALUES (new.owner_id, ${owner("new")}, new.terms)`;

const statements = [
  `CREATE TABLE search_texts (
    owner_id varchar(36) PRIMARY KEY NOT NULL,
    terms text NOT NULL
  )`,
  "CREATE VIRTUAL TABLE search_index USING fts5(owner_id UNINDEXED, owner, terms, detail = column, tokenize = 'ascii')",
  `CREATE TRIGGER search_texts_insert AFTER INSERT ON search_texts BEGIN ${insert}; END`,
  `CREATE TRIGGER search_texts_update AFTER UPDATE ON search_texts BEGIN ${remove}; ${insert}; END`,
  `CREATE TRIGGER search_texts_delete AFTER DELETE ON search_texts BEGIN ${remove}; END`,
];
