import { addressesOf, say, type Conversation } from "./conversation.js";
import { formatMicroseconds, type Microseconds } from "./instant.js";
import type { SimulatedAttachment, SimulatedMessage } from "./payload.js";
import type { SeededRandom } from "./random.js";
import type { Line } from "./vocabulary.js";

/** Who speaks, and what is said. */
export interface Turn {
  line: Line;
  inbound: boolean;
}

/** A message in all its fields, as it will look once it is settled, but for `updated_at`. */
export function composeMessage(
  random: SeededRandom,
  conversation: Conversation,
  { line, inbound }: Turn,
  at: Microseconds,
): SimulatedMessage {
  const { channel, contact, language, organization } = conversation;
  const addresses = addressesOf(conversation);
  const attachments = inbound && channel !== "call" && random.chance(0.05) ? attach(random) : [];
  const byStaff = !inbound && channel !== "call" && random.chance(0.06);
  const foreign = language !== "en";
  const createdAt = formatMicroseconds(at);
  return {
    attachments,
    body: say(line, conversation),
    campaign_contact_id: null,
    campaign_id: null,
    channel_id: organization.channelIds[channel],
    contact_id: contact.id,
    conversation_id: conversation.id,
    created_at: createdAt,
    delivery_status: inbound ? "webhook_delivered" : outboundStatus(random),
    direction: inbound ? "INBOUND" : "OUTBOUND",
    from: inbound ? addresses.contact : addresses.agency,
    id: random.uuid(),
    language: foreign ? language : null,
    metadata: channel === "email" ? { subject: "Job opportunities" } : {},
    mode: inbound || byStaff ? "manual" : "ai",
    sequence_id: null,
    step_contact_id: null,
    step_id: null,
    to: inbound ? addresses.agency : addresses.contact,
    translated_body: foreign ? say(line, conversation, "en") : null,
    translation_language: foreign ? "en" : null,
    type: channel === "sms" && attachments.length > 0 ? "mms" : channel,
    updated_at: createdAt,
    user_id: byStaff ? random.pick(organization.userIds) : null,
  };
}

function outboundStatus(random: SeededRandom): string {
  return random.weighted([
    ["delivered", 62],
    ["sent", 14],
    ["delivery_unconfirmed", 8],
    ["failed", 8],
    ["delivery_failed", 4],
    ["sending_failed", 4],
  ]);
}

/** Whippy documents both forms: a plain address, and an object with its type. */
function attach(random: SeededRandom): SimulatedAttachment[] {
  const url = `https://files.example.com/${random.uuid()}`;
  return random.chance(0.5)
    ? [`${url}.jpg`]
    : [{ content_type: "application/pdf", url: `${url}.pdf` }, `${url}.png`];
}
