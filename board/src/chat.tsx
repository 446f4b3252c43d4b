import { useState } from "react";
import type { Message, SessionDetail } from "./documents.js";
import { formatInstant } from "./format.js";
import { Failure } from "./parts.js";

type Page = NonNullable<SessionDetail["messages"]>;

interface Props {
  readonly first: Page | null;
  readonly isMasked: boolean;
  readonly loadAfter: (cursor: string) => Promise<Page | null>;
}

/** The conversation as a chat: the contact on the left, agent and staff on the right. */
export function Chat({ first, isMasked, loadAfter }: Props) {
  const [further, setFurther] = useState<readonly Page[]>([]);
  const [error, setError] = useState<unknown>();
  const last = further.at(-1) ?? first;
  const messages = [...(first?.nodes ?? []), ...further.flatMap(({ nodes }) => nodes)];
  const load = async (cursor: string) => {
    try {
      const page = await loadAfter(cursor);
      if (page !== null) setFurther([...further, page]);
      setError(undefined);
    } catch (failure) {
      setError(failure);
    }
  };
  const end = last?.pageInfo.hasNextPage === true ? last.pageInfo.endCursor : null;
  return (
    <section aria-labelledby="chat">
      <h2 id="chat">Conversation</h2>
      {first === null && <p className="failure">The messages could not be read.</p>}
      {first !== null && messages.length === 0 && <p className="empty">No message is known.</p>}
      <ol className="chat">
        {messages.map((message) => (
          <Bubble key={message.id} message={message} isMasked={isMasked} />
        ))}
      </ol>
      <Failure error={error} />
      {end !== null && (
        <button type="button" onClick={() => void load(end)}>
          Show later messages
        </button>
      )}
    </section>
  );
}

const failedStates = ["failed", "delivery_failed", "sending_failed"];

function Bubble({ message, isMasked }: { readonly message: Message; readonly isMasked: boolean }) {
  const { direction, mode, type, body, deliveryStatus, translatedBody, translationLanguage } = message;
  const isFailed = failedStates.includes(deliveryStatus ?? "");
  const kind = { INBOUND: "inbound", OUTBOUND: "outbound" }[direction ?? ""] ?? "note";
  return (
    <li className={`bubble ${kind} ${isFailed ? "failed" : ""}`}>
      <p className="who">
        {senderOf(message)}
        {type !== null && <span> · {type}</span>}
        <time dateTime={message.createdAt ?? undefined}> · {formatInstant(message.createdAt)}</time>
      </p>
      {body === null ? (
        <p className="withheld">{isMasked ? "The text is withheld." : "Without a text."}</p>
      ) : (
        <p className="body">{body}</p>
      )}
      {translatedBody !== null && (
        <p className="translation" lang={translationLanguage ?? undefined}>
          {translationLanguage !== null && <span className="mark">{translationLanguage}</span>}{" "}
          {translatedBody}
        </p>
      )}
      <p className="delivery">
        {kind === "outbound" && mode === "manual" && <span className="mark">a person</span>}
        {deliveryStatus !== null && (
          <span className={isFailed ? "mark bad" : "delivery-state"}>
            {deliveryStatus.replaceAll("_", " ")}
          </span>
        )}
      </p>
    </li>
  );
}

function senderOf({ direction, mode, from }: Message): string {
  const address = from === null ? "" : ` ${from}`;
  if (direction === "INBOUND") return `Contact${address}`;
  if (direction === "OUTBOUND") return `${mode === "manual" ? "Staff" : "Agent"}${address}`;
  return `${(direction ?? "message").toLowerCase()}${address}`;
}
