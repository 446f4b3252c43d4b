import "reflect-metadata";
import {
  getNamedType,
  getNullableType,
  type GraphQLInputFieldMap,
  isInputObjectType,
  isLeafType,
  isListType,
  isObjectType,
} from "graphql";
import { sqlite } from "../../src/store/sql/sqlite.dialect.js";
import { describe, expect, it } from "vitest";
import { createSchema, type SchemaParts } from "../../src/graphql/schema.js";
import type { Table } from "../../src/store/sql/table.js";
import {
  agentVersionRevisions,
  analyses,
  analysisAnswers,
  expectations,
  messages,
  sessions,
  webhookEvents,
} from "../../src/store/sql/tables.js";

const schema = await createSchema({} as SchemaParts);

function filterFields(name: string): GraphQLInputFieldMap {
  const type = schema.getType(name);
  if (!isInputObjectType(type)) throw new Error(`${name} is no input.`);
  return type.getFields();
}

/**
 * By name: the scalars and enums of a type, as what filters must compare them. JSON is no scalar but in name.
 */
function scalarFields(name: string): [field: string, type: string][] {
  const type = schema.getType(name);
  if (!isObjectType(type)) throw new Error(`${name} is no type.`);
  return Object.values(type.getFields()).flatMap((field): [string, string][] => {
    const named = getNamedType(field.type);
    const isScalar = isLeafType(named) && named.name !== "JSON" && !isListType(getNullableType(field.type));
    return isScalar ? [[field.name, named.name]] : [];
  });
}

/**
 * What is served under one name and asked for under another, or not asked for; a reason has several words.
 */
type Exceptions = Readonly<Record<string, string>>;

const served: readonly (readonly [type: string, filter: string, exceptions: Exceptions])[] = [
  ["Session", "SessionFilter", {}],
  ["Message", "MessageFilter", {}],
  ["AgentVersion", "AgentVersionFilter", {}],
  ["AgentVersionRevision", "AgentVersionFilter", { id: "revisionId" }],
  ["WebhookEvent", "WebhookEventFilter", {}],
  ["Analysis", "AnalysisFilter", {}],
  ["Expectation", "ExpectationFilter", {}],
  [
    "AnalysisAnswer",
    "AnalysisAnswerFilter",
    {
      stringValue: "string",
      numberValue: "number",
      booleanValue: "boolean",
      description: "is a part of the version's settings, which are JSON",
      defined: "is computed of the version's settings",
      conforms: "is computed of the version's settings",
    },
  ],
];

function columnsOf<Row extends object>(table: Table<Row>): string[] {
  return Object.keys(table.entity(sqlite).options.columns);
}

const clusterKey = "is a key of the database's own";
const mergeKey = "is a key that orders events";
const decimals = "is how an instant was written";
const json = "is JSON";

const stored: readonly (readonly [
  table: string,
  columns: string[],
  filter: string,
  exceptions: Exceptions,
])[] = [
  [
    "sessions",
    columnsOf(sessions),
    "SessionFilter",
    {
      agentId: "agentVersion",
      agentVersionId: "agentVersion",
      revisionId: "agentVersion",
      customAnalysisData: "answers",
      clusterKey,
      kindsSeen: "is which kinds of events merging has seen",
      lookAt: "is when the service looks again whether it is overdue",
      startedAtDecimals: decimals,
      endedAtDecimals: decimals,
      source: mergeKey,
      revisionSource: mergeKey,
      older: mergeKey,
    },
  ],
  [
    "messages",
    columnsOf(messages),
    "MessageFilter",
    {
      clusterKey,
      createdAtDecimals: decimals,
      updatedAtDecimals: decimals,
      source: mergeKey,
      older: mergeKey,
      attachments: json,
      metadata: json,
    },
  ],
  [
    "agent_version_revisions",
    columnsOf(agentVersionRevisions),
    "AgentVersionFilter",
    { id: "revisionId", agentVersionId: "id", providerSettings: json },
  ],
  [
    "analyses",
    columnsOf(analyses),
    "AnalysisFilter",
    {
      sessionId: "id",
      contentSha256: "id",
      organizationId: "is the session's",
      eventId: "is the raw event that brought it, which operators alone read",
      eventCreatedAtDecimals: decimals,
      customAnalysisData: json,
      source: mergeKey,
    },
  ],
  [
    "analysis_answers",
    columnsOf(analysisAnswers),
    "AnalysisAnswerFilter",
    {
      sessionId: "is the session that is asked",
      organizationId: "is the session's",
      position: "orders a session's answers",
      nameTrailingSpaces: "tells names apart that MySQL pads",
      questionType: "type",
      valueType: "answered",
      stringValue: "string",
      stringPrefix: "string",
      numberValue: "number",
      booleanValue: "boolean",
    },
  ],
  ["expectations", columnsOf(expectations), "ExpectationFilter", {}],
  [
    "webhook_events",
    columnsOf(webhookEvents),
    "WebhookEventFilter",
    { createdAtDecimals: decimals, packedBody: "is what body is served from" },
  ],
];

const isReason = (text: string) => text.includes(" ");

describe("filters know every scalar field", () => {
  it.each(served)("that %s serves: %s", (type, filter, exceptions) => {
    const asked = filterFields(filter);
    const fields = scalarFields(type);
    const missing = fields.filter(([name, scalar]) => {
      const other = exceptions[name] ?? name;
      const field = asked[other];
      if (field === undefined) return !isReason(other);
      return ![`${scalar}Comparator`, scalar].includes(getNamedType(field.type).name);
    });
    expect(missing).toEqual([]);
    const names = fields.map(([name]) => name);
    expect(Object.keys(exceptions).filter((name) => !names.includes(name))).toEqual([]);
  });

  it.each(stored)("that is a column of %s", (_table, columns, filter, exceptions) => {
    const asked = filterFields(filter);
    const missing = columns.filter((column) => {
      const other = exceptions[column] ?? column;
      return !(other in asked) && !isReason(other);
    });
    expect(missing).toEqual([]);
    expect(Object.keys(exceptions).filter((column) => !columns.includes(column))).toEqual([]);
  });
});
