import path from "node:path";
import regexp from "eslint-plugin-regexp";
import tseslint from "typescript-eslint";

/**
 * What each place in src may import of the others, as the table in docs/ARCHITECTURE.md says it: "name" is a
 * file, "name/" a folder. main.ts, server.ts and cli/ are not listed: they may import everything. Where
 * several fit a file, the last counts.
 */
const layers = {
  "errors.ts": [],
  "logger.ts": [],
  "opened-parts.ts": [],
  "source-maps.ts": [],
  "redis/": ["logger"],
  "periodic-task.ts": ["logger"],
  "database-url.ts": ["access/address"],
  "config.ts": ["errors", "logger", "access/address", "database-url"],
  "production.ts": ["config", "database-url"],
  "health.ts": ["errors", "store/"],
  "version.ts": [],
  "tracing/": [],
  "metrics/": ["errors", "model/uuid"],
  "metrics/router.ts": ["access/", "metrics/"],
  "http/": ["errors", "logger"],
  "board/": [],
  "model/": [],
  "events/": ["errors", "model/"],
  "store/": ["config", "database-url", "errors", "logger", "periodic-task", "tracing/", "events/", "model/"],
  "store/sql/": ["errors", "model/"],
  "store/migrations/": ["errors", "store/sql/", "!store/migrations/migrate"],
  "store/migrations/migrate.ts": ["errors", "store/connection/data-source", "store/migrations/"],
  "store/connection/": [
    "config",
    "tracing/",
    "database-url",
    "errors",
    "logger",
    "store/database",
    "store/database-errors",
    "store/sql/",
    "store/migrations/",
    "store/readers/scope",
  ],
  "store/writers/": [
    "errors",
    "events/",
    "model/",
    "store/",
    "!store/readers/",
    "!store/erasure/",
    "!store/event-log",
  ],
  "store/readers/": [
    "errors",
    "events/",
    "model/",
    "store/",
    "!store/writers/",
    "!store/erasure/",
    "!store/event-log",
  ],
  "feed/": [
    "errors",
    "logger",
    "periodic-task",
    "metrics/",
    "tracing/",
    "redis/",
    "events/",
    "model/",
    "store/readers/",
    "store/writers/",
    "store/receipt",
  ],
  "expectations/": ["logger", "periodic-task", "model/", "store/"],
  "alerts/": [
    "errors",
    "logger",
    "periodic-task",
    "metrics/",
    "events/",
    "model/",
    "store/",
    "feed/turns",
    "export/session-columns",
  ],
  "webhook/": [
    "config",
    "errors",
    "logger",
    "metrics/",
    "tracing/",
    "http/",
    "events/",
    "store/event-log",
    "store/receipt",
    "feed/",
  ],
  "access/": ["config", "errors", "logger", "redis/", "model/", "store/"],
  "graphql/": [
    "config",
    "errors",
    "logger",
    "metrics/",
    "tracing/",
    "http/",
    "events/",
    "model/",
    "store/readers/",
    "feed/",
    "access/",
  ],
  "export/": [
    "errors",
    "logger",
    "metrics/",
    "tracing/",
    "http/",
    "model/",
    "store/readers/",
    "access/",
    "graphql/cursors",
    "graphql/inputs/empty-inputs",
    "graphql/plan/variables",
  ],
};

const isIn = (file, place) => (place.endsWith("/") ? file.startsWith(place) : file === place);

/** Whether `file` is among what a place may import; the last of the entries that speaks of it counts. */
function isAmong(file, allowed) {
  const decisive = allowed.findLast((entry) => isIn(file, entry.replace("!", "")));
  return decisive !== undefined && !decisive.startsWith("!");
}

const layerRule = {
  meta: { type: "problem", schema: [] },
  create: (context) => {
    const own = path.relative(path.join(import.meta.dirname, "src"), context.filename).replaceAll("\\", "/");
    const place = Object.keys(layers).findLast((candidate) => isIn(own, candidate));
    if (place === undefined) return {};
    const check = ({ source }) => {
      if (typeof source?.value !== "string" || !source.value.startsWith(".")) return;
      const file = path.posix.join(path.posix.dirname(own), source.value).replace(/\.js$/, "");
      if (isIn(file, place) || isAmong(file, layers[place])) return;
      const message = `src/${place} must not import src/${file}: see docs/ARCHITECTURE.md.`;
      context.report({ node: source, message });
    };
    return {
      ImportDeclaration: check,
      ImportExpression: check,
      ExportNamedDeclaration: check,
      ExportAllDeclaration: check,
    };
  },
};

export default tseslint.config(
  { ignores: ["**/dist/**", "node_modules/**", ".data/**", "coverage/**"] },
  {
    files: ["**/*.{ts,tsx}"],
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
      // type-graphql's and TypeORM's classes describe shapes; what has the shape is a plain row, by design
      // never an instance.
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
    files: [
      "src/cli/**/*.ts",
      "tools/**/*.ts",
      "test/{chaos,crash,observability,soak}/**/*.ts",
      "test/support/rehearsal/**/*.ts",
      "bench/**/*.ts",
      "examples/**/*.ts",
    ],
    rules: { "no-console": "off" },
  },
  {
    files: ["src/**/*.ts"],
    plugins: { layers: { rules: { imports: layerRule } }, regexp },
    rules: {
      "layers/imports": "error",
      "no-restricted-syntax": [
        "error",
        {
          selector: "BinaryExpression > Literal[value=/^(sqlite|mysql|mariadb)$/]",
          message: "What differs between databases stands in src/store/sql/, one object for each dialect.",
        },
      ],
      // Strangers' texts must take time in proportion to their length; test/linear-time.test.ts measures it.
      "regexp/no-super-linear-backtracking": ["error", { report: "potential" }],
      "regexp/no-super-linear-move": ["error", { report: "potential", ignoreSticky: false }],
    },
  },
);
