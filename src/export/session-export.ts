import { stringify } from "csv-stringify/sync";
import type { AnalysisReader } from "../store/readers/analysis.reader.js";
import type { OrderTerm, Position } from "../store/readers/page.js";
import type { Scope } from "../store/readers/scope.js";
import type { SessionReader } from "../store/readers/session.reader.js";
import { type SessionRecord } from "../store/readers/session.reader.js";
import { answerColumn, cells, exported, exportedFields, safeCell } from "./session-columns.js";

/**
 * Sessions differ in size a thousandfold, so a page holds as many as make about this many characters, judging
 * by the page before.
 */
const pageCharacters = 1_000_000;
const mostOfPage = 200;
/** Nothing is known of the first page's sessions: each may have megabytes. */
const firstPage = 2;
/**
 * By id, which is the order the table is kept in: a page costs the same wherever it lies, whatever the
 * filter.
 */
const order: readonly OrderTerm[] = [{ property: "id", column: "s.id", nullable: false, descending: false }];

/** Before every session: no id is empty. */
export const beginning: Position = [""];

export interface ExportRequest {
  readonly scope: Scope;
  readonly filter: object;
  /** Go on after this place; from the beginning where undefined. */
  readonly after: Position | undefined;
}

/** A piece of an export, and the place after which the next one begins. */
export interface ExportChunk {
  readonly text: string;
  readonly position: Position;
}

/**
 * Reads sessions page by page: whoever consumes it slowly makes it read slowly, and one page is all it holds.
 */
export class SessionExport {
  constructor(
    private readonly sessions: SessionReader,
    private readonly analyses: AnalysisReader,
  ) {}

  /** A JSON object a line. */
  async *ndjson(request: ExportRequest): AsyncGenerator<ExportChunk> {
    yield* this.pages(request, (page) =>
      page.map((session) => `${JSON.stringify(exported(session))}\n`).join(""),
    );
  }

  /**
   * The columns are those of all answers within the scope, whatever the filter. A part that goes on after a
   * place has a header too: by then there may be answers that the part before has no column for.
   */
  async *csv(request: ExportRequest): AsyncGenerator<ExportChunk> {
    const questions = await this.analyses.answerNames(request.scope);
    const header = [...exportedFields, ...questions.map((name) => safeCell(answerColumn(name)))];
    let heading = stringify([header], csvStyle);
    const pages = this.pages(request, (page) =>
      stringify(
        page.map((session) => cells(session, questions)),
        csvStyle,
      ),
    );
    for await (const { text, position } of pages) {
      yield { text: `${heading}${text}`, position };
      heading = "";
    }
    if (heading !== "") yield { text: heading, position: request.after ?? beginning };
  }

  private async *pages(
    { scope, filter, after }: ExportRequest,
    write: (page: readonly SessionRecord[]) => string,
  ): AsyncGenerator<ExportChunk> {
    let position = after;
    let limit = firstPage;
    for (;;) {
      const window = { limit, fromEnd: false, after: position, before: undefined };
      const { rows, hasNextPage, positionOf } = await this.sessions.page(
        scope,
        { filter, order, window },
        exportedFields,
      );
      const last = rows.at(-1);
      if (last === undefined) return;
      const text = write(rows);
      position = positionOf(last);
      yield { text, position };
      if (!hasNextPage) return;
      limit = Math.max(1, Math.min(mostOfPage, Math.floor((pageCharacters * rows.length) / text.length)));
    }
  }
}

/**
 * A line feed alone ends a record for most readers, so it must stand in quotes too: what follows it would be
 * a cell of its own.
 */
const csvStyle = { record_delimiter: "windows", quoted_match: /[\r\n]/ } as const;
