import type { SessionFilter } from "conversation-agent-client";
import { useState } from "react";
import { Failure } from "./parts.js";
import type { Service } from "./service.js";

interface Props {
  readonly service: Service;
  readonly filter: SessionFilter | undefined;
}

const formats = ["csv", "ndjson"] as const;

/** Saves all sessions of the filter as a file. */
export function ExportButtons({ service, filter }: Props) {
  const [isUnderWay, setUnderWay] = useState(false);
  const [error, setError] = useState<unknown>();
  const save = async (format: (typeof formats)[number]) => {
    setUnderWay(true);
    setError(undefined);
    try {
      const answer = await service.fetch(`export/sessions.${format}`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(filter === undefined ? {} : { filter }),
      });
      if (!answer.ok) throw new Error(await readProblem(answer));
      saveAs(`sessions.${format}`, await answer.blob());
    } catch (failure) {
      setError(failure);
    } finally {
      setUnderWay(false);
    }
  };
  return (
    <span className="exports">
      {formats.map((format) => (
        <button key={format} type="button" disabled={isUnderWay} onClick={() => void save(format)}>
          Export {format.toUpperCase()}
        </button>
      ))}
      <Failure error={error} />
    </span>
  );
}

async function readProblem(answer: Response): Promise<string> {
  const problem = (await answer.json().catch(() => ({}))) as { detail?: string };
  return problem.detail ?? `The export was answered with ${answer.status}.`;
}

function saveAs(name: string, content: Blob): void {
  const url = URL.createObjectURL(content);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
