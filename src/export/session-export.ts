import { stringify } from "csv-stringify/sync";
import type { AnalysisReader } from "../store/readers/analysis.reader.js";
import type { OrderTerm, Position } from "../store/readers/page.js";
import type { Scope } from "../store/readers/scope.js";
import type { SessionReader, SessionRecord } from "../store/readers/session.reader.js";
import { answerColumn, cells, exported, exportedFields, safeCell } from "./session-columns.js";

const pageSize = 200;
/** By id, which is the order the table is kept in: a page costs the same wherever it lies, whatever the filter. */
const order: readonly OrderTerm[] = [{ property: "id", column: "s.id", nullable: false, descending: false }];

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

/** Reads sessions page by page: whoever consumes it slowly makes it read slowly, and one page is all it holds. */
export class SessionExport {
  constructor(
    private readonly sessions: SessionReader,
    private readonly analyses: AnalysisReader,
  ) {}

  /** A JSON object a line. */
  async *ndjson(request: ExportRequest): AsyncGenerator<ExportChunk> {
    for await (const page of this.pages(request)) {
      yield {
        text: page.map((session) => `${JSON.stringify(exported(session))}\n`).join(""),
        position: endOf(page),
      };
    }
  }

  /** The columns are those of all answers within the scope, whatever the filter, so that parts of a resumed export fit together. */
  async *csv(request: ExportRequest): AsyncGenerator<ExportChunk> {
    const questions = await this.analyses.answerNames(request.scope);
    const header = [...exportedFields, ...questions.map((name) => safeCell(answerColumn(name)))];
    let heading = request.after === undefined ? stringify([header], csvStyle) : "";
    for await (const page of this.pages(request)) {
      const rows = stringify(
        page.map((session) => cells(session, questions)),
        csvStyle,
      );
      yield { text: `${heading}${rows}`, position: endOf(page) };
      heading = "";
    }
    if (heading !== "") yield { text: heading, position: [] };
  }

  private async *pages({ scope, filter, after }: ExportRequest): AsyncGenerator<readonly SessionRecord[]> {
    let position = after;
    for (;;) {
      const window = { limit: pageSize, fromEnd: false, after: position, before: undefined };
      const { rows, hasNextPage } = await this.sessions.page(
        scope,
        { filter, order, window },
        exportedFields,
      );
      if (rows.length > 0) yield rows;
      if (!hasNextPage) return;
      position = endOf(rows);
    }
  }
}

const csvStyle = { record_delimiter: "windows" } as const;

function endOf(page: readonly SessionRecord[]): Position {
  return page.at(-1)?.position ?? [];
}
