import { type SyntheticEvent, useState } from "react";
import { agentNamesQuery } from "./documents.js";
import type { FilterField, FilterValues } from "./filter.js";
import type { Service } from "./service.js";
import { useQuery } from "./use-query.js";

interface Props {
  readonly service: Service;
  /** A masked reader may not ask of what is withheld. */
  readonly isMasked: boolean;
  readonly values: FilterValues;
  readonly onChange: (values: FilterValues) => void;
}

/** What is usual; both are open lists, so anything else can be typed. */
const usual = {
  sentiment: ["positive", "neutral", "negative", "mixed"],
  rating: ["complete", "partial", "incomplete"],
} as const;

/** The conditions of the list. They count once they are applied: each change is a place in the history. */
export function FilterBar({ service, isMasked, values, onChange }: Props) {
  const [draft, setDraft] = useState(values);
  const { data } = useQuery(service, agentNamesQuery, {});
  const agents = data?.agents?.nodes ?? [];
  const set = (field: FilterField) => (event: { readonly target: { readonly value: string } }) => {
    setDraft({ ...draft, [field]: event.target.value });
  };
  const choose = (field: FilterField) => (event: { readonly target: { readonly value: string } }) => {
    onChange({ ...draft, [field]: event.target.value });
  };
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    onChange(draft);
  };
  const text = (field: FilterField, label: string, more: Readonly<Record<string, string>> = {}) => (
    <label>
      {label}
      <input type="text" {...more} value={draft[field] ?? ""} onChange={set(field)} />
    </label>
  );
  const isKnownAgent = agents.some(({ id }) => id === draft.agent);
  return (
    <details className="filter-bar" open={isWide() || Object.keys(values).length > 0}>
      <summary>Filter</summary>
      <form className="filters" role="search" aria-label="Filter sessions" onSubmit={submit}>
        <label>
          Agent
          <select value={draft.agent ?? ""} onChange={choose("agent")}>
            <option value="">all</option>
            {draft.agent !== undefined && !isKnownAgent && <option value={draft.agent}>{draft.agent}</option>}
            {agents.map(({ id, name }) => (
              <option key={id} value={id}>
                {name ?? id}
              </option>
            ))}
          </select>
        </label>
        <label>
          Status
          <select value={draft.status ?? ""} onChange={choose("status")}>
            <option value="">all</option>
            <option value="STARTED">started</option>
            <option value="ENDED">ended</option>
            <option value="ANALYZED">analyzed</option>
          </select>
        </label>
        {text("sentiment", "Sentiment", { list: "sentiments" })}
        {text("rating", "Rating", { list: "ratings" })}
        {text("since", "Started from", { type: isDay(draft.since) ? "date" : "text" })}
        {text("until", "Started before", { type: isDay(draft.until) ? "date" : "text" })}
        {!isMasked && text("search", "Words", { type: "search" })}
        {text("question", "Question")}
        {text("answer", "Answer", { placeholder: "any" })}
        <span className="filter-actions">
          <button type="submit" className="primary">
            Apply
          </button>
          <button
            type="button"
            onClick={() => {
              onChange({});
            }}
          >
            Clear
          </button>
        </span>
        {(draft.failed ?? draft.person) !== undefined && (
          <p className="hint">
            {draft.failed !== undefined && "Only sessions with failed messages. "}
            {draft.person !== undefined && "Only sessions in which a person stepped in."}
          </p>
        )}
        {Object.entries(usual).map(([field, options]) => (
          <datalist key={field} id={`${field}s`}>
            {options.map((value) => (
              <option key={value} value={value} />
            ))}
          </datalist>
        ))}
      </form>
    </details>
  );
}

/** Whether there is room for the bar beside the list; on a phone it opens when it is asked for. */
function isWide(): boolean {
  return window.matchMedia("(min-width: 44rem)").matches;
}

/** A date input cannot show an instant, such as a link may bring. */
function isDay(value: string | undefined): boolean {
  return value === undefined || value === "" || /^\d{4}-\d{2}-\d{2}$/.test(value);
}
