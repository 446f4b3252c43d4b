import { type SyntheticEvent, useState } from "react";

interface Props {
  readonly wasRefused: boolean;
  readonly onKey: (key: string) => void;
}

/** Asks for a key. It is kept in this tab, and sent to this service alone. */
export function KeyForm({ wasRefused, onKey }: Props) {
  const [key, setKey] = useState("");
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (key.trim() !== "") onKey(key.trim());
  };
  return (
    <main className="gate">
      <h1>Conversation agents</h1>
      <form onSubmit={submit}>
        <label htmlFor="key">API key or token</label>
        <input
          id="key"
          type="password"
          autoComplete="off"
          spellCheck={false}
          value={key}
          aria-describedby="key-hint"
          aria-invalid={wasRefused || undefined}
          onChange={(event) => {
            setKey(event.target.value);
          }}
        />
        <p id="key-hint">
          It is kept until this tab is closed. Make one with <code>npm run keys -- create</code>.
        </p>
        {wasRefused && (
          <p className="failure" role="alert">
            This key is not valid (any more).
          </p>
        )}
        <button type="submit" className="primary">
          Open the board
        </button>
      </form>
    </main>
  );
}
