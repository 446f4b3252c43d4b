import {
  CHANNELS,
  fictionalPhone,
  type SimulatedAgent,
  type SimulatedChannel,
  type SimulatedOrganization,
} from "./organizations.js";
import { RandomStream, SeededRandom } from "./random.js";
import { CITIES, FIRST_NAMES, LAST_NAMES, ROLES, type Line, type SimulatedLanguage } from "./vocabulary.js";

/** A person who writes to an agency, and how. */
interface Contact {
  id: string;
  name: string;
  phone: string;
  email: string;
}

/** What a conversation's sessions share: one contact on one channel of one organization. */
export interface Conversation {
  id: string;
  organization: SimulatedOrganization;
  agent: SimulatedAgent;
  channel: SimulatedChannel;
  contact: Contact;
  language: SimulatedLanguage;
  role: Line;
  city: string;
}

/** As many as there are fictional phone numbers here: no two contacts of an organization share one. */
const CONTACTS_PER_ORGANIZATION = 4000;

export function startConversation(
  random: SeededRandom,
  seed: number,
  organizations: readonly SimulatedOrganization[],
): Conversation {
  const organizationIndex = random.int(0, organizations.length - 1);
  const organization = random.pick(organizations.slice(organizationIndex, organizationIndex + 1));
  const contactIndex = random.int(0, CONTACTS_PER_ORGANIZATION - 1);
  return {
    id: random.uuid(),
    organization,
    agent: random.pick(organization.agents),
    channel: random.weighted([
      [CHANNELS[0], 60],
      [CHANNELS[1], 14],
      [CHANNELS[2], 14],
      [CHANNELS[3], 12],
    ]),
    contact: contactOf(seed, organizationIndex, contactIndex),
    language: random.weighted([
      ["en", 70],
      ["es", 20],
      ["zh", 10],
    ]),
    role: random.pick(ROLES),
    city: random.pick(CITIES),
  };
}

/** The same person each time that the same number writes. */
function contactOf(seed: number, organizationIndex: number, index: number): Contact {
  const number = organizationIndex * CONTACTS_PER_ORGANIZATION + index;
  const random = new SeededRandom(seed, RandomStream.contacts, number);
  const first = random.pick(FIRST_NAMES);
  const last = random.pick(LAST_NAMES);
  return {
    id: random.uuid(),
    name: `${first} ${last}`,
    phone: fictionalPhone(index),
    email: `${asciiLetters(first)}.${asciiLetters(last)}${index}@example.com`,
  };
}

const asciiLetters = (name: string): string =>
  name
    .normalize("NFD")
    .toLowerCase()
    .replaceAll(/[^a-z]/g, "");

/** A line as said in this conversation, in its language unless another is asked for. */
export function say(line: Line, conversation: Conversation, language = conversation.language): string {
  return fillIn(line[language], conversation, language);
}

/** Fills the placeholders of a sentence in that language. */
export function fillIn(sentence: string, conversation: Conversation, language: SimulatedLanguage): string {
  const words: Record<string, string> = {
    role: conversation.role[language],
    city: conversation.city,
    company: conversation.organization.name,
    name: conversation.contact.name.split(" ")[0] ?? "",
    channel: conversation.channel,
  };
  return sentence.replaceAll(/\{(\w+)\}/g, (_, word: string) => words[word] ?? "");
}

/** The two ends of the channel: phone numbers, or addresses where it is e-mail. */
export function addressesOf(conversation: Conversation): { contact: string; agency: string } {
  const { channel, contact, organization } = conversation;
  return channel === "email"
    ? { contact: contact.email, agency: organization.email }
    : { contact: contact.phone, agency: organization.phone };
}
