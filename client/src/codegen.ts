/**
 * Types of our scalars for graphql-codegen: `config: { scalars }`. DateTime keeps microseconds, which a Date
 * would lose.
 */
export const scalars = {
  Cursor: "string",
  DateTime: "string",
  ID: "string",
  JSON: "unknown",
} as const;

/**
 * Settings of graphql-codegen for documents of your own, to be spread into its configuration. Operations
 * become texts that know their types, so a bundle needs no printer of GraphQL.
 * @param documents where they are, such as `src/**\/*.ts`
 * @param output the folder that is generated, such as `src/gql/`
 */
export function codegenConfig(schema: string, documents: string, output: string) {
  return {
    schema,
    documents: [documents],
    ignoreNoDocuments: true,
    generates: {
      [output]: {
        preset: "client" as const,
        config: { documentMode: "string" as const, enumsAsTypes: true, scalars, strictScalars: true },
      },
    },
  };
}
