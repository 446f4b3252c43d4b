import type { SimulatedAgentVersion, SimulatedProviderSettings, SimulatedQuestion } from "./payload.js";
import { heardAboutName, questionsFor } from "./questions.js";
import { RandomStream, SeededRandom } from "./random.js";
import { AGENT_NAMES, AREA_CODES, COMPANIES, VOICES } from "./vocabulary.js";

export const CHANNELS = ["sms", "email", "whatsapp", "call"] as const;
export type SimulatedChannel = (typeof CHANNELS)[number];

/** A staffing agency with its agents: everything that its sessions have in common. */
export interface SimulatedOrganization {
  id: string;
  name: string;
  phone: string;
  email: string;
  channelIds: Record<SimulatedChannel, string>;
  /** Members of staff have integer ids, unlike everything else. */
  userIds: number[];
  agents: SimulatedAgent[];
}

export interface SimulatedAgent {
  id: string;
  versions: SimulatedVersion[];
}

/** The contents seen under one version id: usually one; two where somebody renamed a question in place. */
type SimulatedVersion = readonly [SimulatedAgentVersion, ...SimulatedAgentVersion[]];

/** The agencies of a seed: the same for every run, so that an API key made for one of them stays useful. */
export function buildOrganizations(seed: number, count: number): SimulatedOrganization[] {
  return Array.from({ length: count }, (_, index) => buildOrganization(seed, index));
}

function buildOrganization(seed: number, index: number): SimulatedOrganization {
  const random = new SeededRandom(seed, RandomStream.organizations, index);
  const series = Math.floor(index / COMPANIES.length);
  const name = `${COMPANIES[index % COMPANIES.length] ?? ""}${series > 0 ? ` ${series + 1}` : ""}`;
  const organization: SimulatedOrganization = {
    id: random.uuid(),
    name,
    phone: fictionalPhone(random.int(0, 3999)),
    email: `jobs@${name.toLowerCase().replaceAll(/\W+/g, "-")}.example.com`,
    channelIds: { sms: random.uuid(), email: random.uuid(), whatsapp: random.uuid(), call: random.uuid() },
    userIds: [random.int(1, 40), random.int(41, 900), random.int(901, 90_000)],
    agents: [],
  };
  const agents = random.int(2, AGENT_NAMES.length);
  for (let agent = 0; agent < agents; agent += 1) {
    organization.agents.push(buildAgent(random, organization, AGENT_NAMES[agent] ?? ""));
  }
  return organization;
}

/** One of the numbers that the North American plan reserves for fiction, in E.164. */
export function fictionalPhone(index: number): string {
  const area = AREA_CODES[index % AREA_CODES.length] ?? "";
  const line = Math.floor(index / AREA_CODES.length) % 100;
  return `+1${area}55501${line.toString().padStart(2, "0")}`;
}

function buildAgent(random: SeededRandom, organization: SimulatedOrganization, name: string): SimulatedAgent {
  const id = random.uuid();
  const questions = questionsFor(random, organization.name);
  const versions = Array.from({ length: random.int(2, 4) }, (_, position) => {
    const version = buildVersion(random, organization, { id, name, questions });
    // The second version of each agent is the one edited in place, so that every seed has the trap.
    return position === 1 ? withRenamedQuestion(version, organization.name) : ([version] as const);
  });
  return { id, versions };
}

function buildVersion(
  random: SeededRandom,
  organization: SimulatedOrganization,
  agent: { id: string; name: string; questions: SimulatedQuestion[] },
): SimulatedAgentVersion {
  return {
    agent_id: agent.id,
    created_by_id: random.pick(organization.userIds),
    description: `${agent.name} for ${organization.name}`,
    id: random.uuid(),
    llm_id: random.uuid(),
    name: agent.name,
    organization_id: organization.id,
    provider_settings: buildProviderSettings(random, agent.questions),
  };
}

function withRenamedQuestion(version: SimulatedAgentVersion, agency: string): SimulatedVersion {
  const settings = version.provider_settings;
  const questions = settings.post_call_analysis_data.map((question) =>
    question.name === heardAboutName(agency)
      ? { ...question, name: heardAboutName("XYZ Employment") }
      : question,
  );
  const renamed = { ...version, provider_settings: { ...settings, post_call_analysis_data: questions } };
  return [version, renamed];
}

/** The settings of the documented payloads in their order, some of them turned. */
function buildProviderSettings(
  random: SeededRandom,
  questions: SimulatedQuestion[],
): SimulatedProviderSettings {
  return {
    allow_user_dtmf: true,
    ambient_sound: random.pick([null, null, "call-center"]),
    ambient_sound_volume: 1,
    backchannel_frequency: 0.8,
    backchannel_words: null,
    begin_message_delay_ms: 0,
    boosted_keywords: random.pick([null, ["forklift", "RN", "CDL"]]),
    denoising_mode: "noise-cancellation",
    enable_backchannel: random.chance(0.3),
    end_call_after_silence_ms: 600_000,
    fallback_voice_ids: null,
    interruption_sensitivity: random.pick([1, 0.75]),
    language: random.pick(["multi", "multi", "en-US", "es-419"]),
    max_call_duration_ms: 3_600_000,
    max_chat_duration_ms: 86_400_000,
    normalize_for_speech: false,
    post_call_analysis_data: questions,
    post_call_analysis_model: random.pick(["gpt-4o-mini", "gpt-4o"]),
    pronunciation_dictionary: null,
    reminder_max_count: random.int(0, 2),
    reminder_trigger_ms: 10_000,
    responsiveness: 1,
    stt_mode: "fast",
    user_dtmf_options: null,
    vocab_specialization: "general",
    voice_id: random.pick(VOICES),
    voice_model: null,
    voice_speed: random.pick([1, 1.1]),
    voice_temperature: 1,
    voicemail_option: { action: { type: "hangup" } },
    volume: 1,
  };
}
