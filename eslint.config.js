import tseslint from "typescript-eslint";

/** Layer rules: data flows webhook → events → store → feed → graphql; each layer may import only what is listed in docs/ARCHITECTURE.md. */
const mayNotImport = (layer, folders) => ({
  files: [`src/${layer}/**/*.ts`],
  rules: {
    "no-restricted-imports": [
      "error",
      {
        patterns: [
          {
            group: folders.map((folder) => `**/${folder}/**`),
            message: `src/${layer} must not depend on this layer: see docs/ARCHITECTURE.md.`,
          },
        ],
      },
    ],
  },
});

export default tseslint.config(
  { ignores: ["dist/**", "node_modules/**", ".data/**", "coverage/**"] },
  {
    files: ["**/*.ts"],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/restrict-template-expressions": [
        "error",
        { allowNumber: true, allowBoolean: true },
      ],
      "@typescript-eslint/no-extraneous-class": ["error", { allowWithDecorator: true }],
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/switch-exhaustiveness-check": "error",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
      // type-graphql's and TypeORM's classes describe shapes; what has the shape is a plain row, by design never an instance.
      "@typescript-eslint/no-unsafe-class-instance-assignment": "off",
      "no-console": "error",
      eqeqeq: "error",
    },
  },
  // Tests read JSON of services and clients; what they expect of it is what they assert.
  {
    files: ["test/**/*.ts"],
    rules: {
      "@typescript-eslint/no-unsafe-assignment": "off",
      "@typescript-eslint/no-unsafe-member-access": "off",
    },
  },
  {
    files: ["src/cli/**/*.ts", "test/chaos/**/*.ts", "bench/**/*.ts", "examples/**/*.ts"],
    rules: { "no-console": "off" },
  },
  mayNotImport("events", ["webhook", "store", "feed", "graphql", "access", "cli"]),
  mayNotImport("store", ["webhook", "graphql", "feed", "access", "cli"]),
  mayNotImport("feed", ["webhook", "graphql", "access", "cli"]),
  mayNotImport("access", ["webhook", "graphql", "feed", "cli"]),
  mayNotImport("webhook", ["graphql", "cli"]),
  mayNotImport("export", ["webhook", "feed", "cli", "store/writers"]),
  mayNotImport("graphql", ["webhook", "cli"]),
);
