// The architecture, as three lists. `npm run check` fails where the code says otherwise.

/**
 * The pipeline, first to last. A stage imports earlier ones only, in domain, store and actions
 * alike: a later stage learns of an earlier one by deriving, or through an outbox row.
 */
export const STAGES = [
  "refusal",
  "instant",
  "staff",
  "timeline",
  "countersign",
  "idempotency",
  "incident",
  "task",
  "scope",
  "severity",
  "law",
  "obligation",
  "filing",
  "audience",
  "interchange",
  "notice",
  "approval",
  "publication",
  "suppression",
  "wave",
  "delivery",
  "receipt",
  "message",
  "alert",
  "intake",
  "subscription",
  "followup",
  "inquiry",
  "feedback",
  "commitment",
  "remedy",
  "review",
  "retention",
  "drill",
  "recovery",
];

/** Files of those folders that belong to no stage: they may import each other and the first two stages. */
export const GROUND = [
  "id",
  "text",
  "element",
  "language",
  "padding",
  "base32",
  "db",
  "migrate",
  "keystore",
  "outbox",
  "engine",
  "worker",
];

/** What each layer may import, besides itself and packages. */
const MAY_IMPORT = {
  "src/domain": [],
  "src/store": ["src/domain"],
  "src/views": ["src/domain", "src/store/db.ts"],
  "src/gateways": ["src/domain", "src/context.ts", "src/jobs.ts", "src/config.ts", "src/log.ts"],
  "src/law": ["src/domain"],
  "src/actions": ["src/domain", "src/store", "src/context.ts", "src/jobs.ts", "src/log.ts"],
  "src/http": [
    "src/domain",
    "src/views",
    "src/actions",
    "src/context.ts",
    "src/config.ts",
    "src/log.ts",
  ],
  workers: [
    "src/domain",
    "src/actions",
    "src/context.ts",
    "src/jobs.ts",
    "src/compose.ts",
    "src/config.ts",
    "src/log.ts",
    "src/relay.ts",
    "src/gateways/redis.ts",
    "src/gateways/witness.ts",
  ],
};

const PURE_PACKAGES =
  "node_modules/(zod|canonicalize|handlebars|markdown-it|@types/markdown-it|libphonenumber-js|luxon|@types/luxon|yaml)/";

const layer = ([folder, allowed]) => ({
  name: `layer:${folder}`,
  severity: "error",
  from: { path: `^${folder}/` },
  to: {
    path: "^(src|workers|tests|scripts)/",
    pathNot: [`${folder}/`, ...allowed].map((path) => `^${path}`),
  },
});

const inStage = (names) => `^src/(domain|store|actions)/(${names.join("|")})([.]ts$|/)`;

const stage = (name, index) => ({
  name: `stage:${name}`,
  severity: "error",
  comment: "Data flows one way.",
  from: { path: inStage([name]) },
  // Every stage appends to the timeline, staff too; and starting a wave writes its deliveries.
  to: {
    path: inStage(STAGES.slice(index + 1)),
    pathNot: ["^src/store/timeline[.]ts$", "^src/store/delivery/plan[.]ts$"],
  },
});

export default {
  forbidden: [
    { name: "no-cycles", severity: "error", from: {}, to: { circular: true } },
    {
      name: "pure-domain-packages",
      severity: "error",
      from: { path: "^src/(domain|law)/" },
      to: { dependencyTypes: ["npm", "npm-dev"], pathNot: PURE_PACKAGES },
    },
    {
      name: "pure-domain-node",
      severity: "error",
      comment: "Hashes are arithmetic; everything else in Node's library reaches outside.",
      from: { path: "^src/(domain|law)/" },
      to: { dependencyTypes: ["core"], pathNot: "^(node:)?crypto$" },
    },
    {
      name: "ground",
      severity: "error",
      from: { path: inStage(GROUND) },
      to: { path: inStage(STAGES.slice(2)) },
    },
    {
      name: "one-database-driver",
      severity: "error",
      comment: "postgres.js has one maintainer: it must stay replaceable in a day.",
      from: { path: "^(src|workers)/", pathNot: ["^src/store/db[.]ts$", "^src/dev/"] },
      to: { path: "node_modules/postgres/" },
    },
    {
      name: "one-producer",
      severity: "error",
      comment: "Only the relay hands work to the queues; workers take it.",
      from: { path: "^src/", pathNot: "^src/((relay|queues)[.]ts$|dev/)" },
      to: { path: "node_modules/bullmq/" },
    },
    {
      name: "no-dev-in-production",
      severity: "error",
      comment: "The demo is loaded on demand by the command line, and by nothing else.",
      from: { path: "^(src|workers)/", pathNot: "^src/(dev|cli)/|^src/cli[.]ts$" },
      to: { path: "^src/dev/" },
    },
    {
      name: "no-way-back",
      severity: "error",
      from: { path: "^src/" },
      to: { path: "^(workers|tests)/" },
    },
    {
      name: "one-composition-root",
      severity: "error",
      from: {
        path: "^(src|workers)/",
        pathNot: "^(src/(server|cli)[.]ts|src/(cli|dev)/|workers/)",
      },
      to: { path: "^src/compose[.]ts$" },
    },
    ...Object.entries(MAY_IMPORT).map(layer),
    ...STAGES.slice(0, -1).map(stage),
  ],
  options: {
    parser: "swc",
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    doNotFollow: { path: "node_modules" },
    exclude: { path: "[.]d[.]m?ts$" },
  },
};
