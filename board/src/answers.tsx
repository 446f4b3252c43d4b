import type { Answer } from "./documents.js";

interface Props {
  /** Undefined where there is no analysis yet. */
  readonly answers: readonly Answer[] | undefined;
  readonly questions: readonly { readonly name: string; readonly type: string | null }[];
  readonly isMasked: boolean;
}

/** The questions of the agent version beside what the analysis answered. */
export function Answers({ answers, questions, isMasked }: Props) {
  const rows = answers ?? questions.map((question) => ({ ...blank, ...question }));
  if (rows.length === 0) return null;
  return (
    <table>
      <caption>Questions and answers</caption>
      <thead>
        <tr>
          <th scope="col">Question</th>
          <th scope="col">Answer</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((answer) => (
          <tr key={answer.name}>
            <th scope="row">
              {answer.name.replaceAll("_", " ")}
              {answer.description !== null && <span className="hint">{answer.description}</span>}
            </th>
            <td>
              <Value answer={answer} isMasked={isMasked} />
              {!answer.defined && <span className="mark bad">no such question</span>}
              {answer.conforms === false && (
                <span className="mark bad">
                  {answer.type === null ? "odd" : `not a valid ${answer.type}`}
                </span>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const blank: Omit<Answer, "name" | "type"> = {
  description: null,
  defined: true,
  answered: false,
  conforms: null,
  value: null,
};

function Value({ answer, isMasked }: { readonly answer: Answer; readonly isMasked: boolean }) {
  const { answered, value } = answer;
  if (!answered) return <span className="withheld">not answered</span>;
  if (value === null) return <span className="withheld">{isMasked ? "withheld" : "not answered"}</span>;
  if (typeof value === "boolean") return <>{value ? "yes" : "no"}</>;
  return <>{typeof value === "string" ? value : JSON.stringify(value)} </>;
}
