import next from "eslint-config-next/core-web-vitals";
import typescript from "eslint-config-next/typescript";

/*
 * The dependency rule of the house: app → doors → work → domain → platform, and work → engine. In the domain each noun has
 * a room with one front, its index.ts; rooms stand on floors and import downwards. Each message says where to go instead;
 * lib/testing/lint.test.ts proves that the rules bite. Circles are .dependency-cruiser.mjs's to find; types, and the rules that
 * need them, are .oxlintrc.json's.
 */

const FRAMEWORKS = {
  group: [
    "next",
    "next/*",
    "react",
    "react/*",
    "react-dom",
    "react-dom/*",
    "next-auth",
    "next-auth/*",
    "next-intl",
    "next-intl/*",
  ],
  message: "lib knows no framework: what needs Next or React belongs into app.",
};
const part = (name, message) => ({ group: [`@/lib/${name}`, `@/lib/${name}/**`, `**/../${name}/**`], message });

const APP = { group: ["@/app", "@/app/**"], message: "Nothing imports app: move what is shared down into lib." };
const DOORS = (message) => part("doors", message);
const WORK = (message) => part("work", message);
const ENGINE = (message) => part("engine", message);
const TESTING = part("testing", "lib/testing is for tests, e2e and the seed only.");

/** The rooms of the domain, from the top floor down: each may enter those after it, by their fronts. */
const ROOMS = ["workspaces", "trash", "projects", "versions", "trainings", "exports", "tasks", "images", "people"];
const FRONTS = {
  group: ["@/lib/domain/*/*"],
  message:
    "A room is entered by its front: import it from lib/domain/<room>, and have index.ts export what is missing.",
};
const roomsAbove = (names) => ({
  group: names.flatMap((name) => [`@/lib/domain/${name}`, `@/lib/domain/${name}/**`]),
  message: "Rooms import downwards only (ROOMS in eslint.config.mjs): move what both need to a lower floor.",
});

const DOMAIN = [
  APP,
  TESTING,
  FRAMEWORKS,
  FRONTS,
  DOORS("domain knows no door: throw a DomainError, and let lib/doors present it."),
  WORK("domain does no work: lib/work calls it, or pass in what it needs."),
  ENGINE("domain does no heavy work: lib/work brings engine and domain together."),
];

const ARROWS = {
  "lib/platform/**": [
    APP,
    TESTING,
    FRAMEWORKS,
    DOORS("platform knows no door: pass in what it needs."),
    WORK("platform knows no work: pass in what it needs."),
    part("domain", "platform knows no rule: pass in what it needs."),
    ENGINE("platform knows no engine: lib/work brings the two together."),
  ],
  "lib/engine/**": [
    APP,
    TESTING,
    FRAMEWORKS,
    DOORS("engine is bytes in, bytes out: lib/work calls it."),
    WORK("engine is bytes in, bytes out: lib/work calls it."),
    part("domain", "engine knows no rule: pass in what it needs."),
    part("platform", "engine is bytes in, bytes out: lib/work reads and writes for it."),
  ],
  "lib/domain/*.ts": [...DOMAIN, roomsAbove(ROOMS)],
  ...Object.fromEntries(
    ROOMS.map((name, floor) => [
      `lib/domain/${name}/**`,
      floor === 0 ? DOMAIN : [...DOMAIN, roomsAbove(ROOMS.slice(0, floor))],
    ]),
  ),
  "lib/work/**": [
    APP,
    TESTING,
    FRAMEWORKS,
    FRONTS,
    DOORS("work knows no door: values and streams in, values and streams out."),
  ],
  "lib/doors/**": [APP, TESTING, FRONTS, ENGINE("doors do no heavy work: go through lib/work.")],
  "app/**": [
    TESTING,
    FRONTS,
    part("platform", "app is thin: go through lib/doors, or a read of lib/domain."),
    ENGINE("app is thin: go through lib/work."),
  ],
  "pages/**": [
    TESTING,
    FRONTS,
    ...["platform", "engine", "domain", "work"].map((name) =>
      part(name, "pages is as thin as app: go through lib/doors."),
    ),
  ],
  "scripts/**": [APP, TESTING, FRONTS],
};

const NO_CLOCK = [
  {
    selector: "NewExpression[callee.name='Date'][arguments.length=0]",
    message: "Time is ctx.now, the database's clock, taken once at the door.",
  },
  {
    selector: "CallExpression[callee.object.name='Date'][callee.property.name='now']",
    message: "Time is ctx.now, the database's clock, taken once at the door.",
  },
];

const NO_PROCESS_ENV = {
  object: "process",
  property: "env",
  message: "Read lib/platform/env instead: it is checked at boot.",
};

const config = [
  { ignores: [".next/**", ".build/**", ".data/**", "lib/platform/generated/**", "next-env.d.ts"] },
  // React's rules compile every function that they meet: only where React is.
  ...next.map((entry) =>
    entry.rules ? { ...entry, files: ["app/**/*.{ts,tsx}"], ignores: ["app/api/**", "**/*.test.ts"] } : entry,
  ),
  ...typescript,
  {
    files: ["**/*.ts", "**/*.tsx"],
    rules: {
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      eqeqeq: "error",
    },
  },
  // every picture is behind a session, where Next's optimizer could not fetch it, or in memory already
  { files: ["app/**"], rules: { "@next/next/no-img-element": "off" } },
  ...Object.entries(ARROWS).map(([files, patterns]) => ({
    files: [files],
    ignores: ["**/*.test.ts"],
    rules: { "no-restricted-imports": ["error", { patterns }] },
  })),
  {
    files: ["lib/domain/**", "lib/engine/**"],
    ignores: ["**/*.test.ts"],
    rules: { "no-restricted-syntax": ["error", ...NO_CLOCK] },
  },
  {
    files: ["lib/**", "app/**", "pages/**"],
    ignores: ["lib/platform/env.ts", "lib/testing/**", "**/*.test.ts"],
    rules: { "no-restricted-properties": ["error", NO_PROCESS_ENV], "no-console": "error" },
  },
];

export default config;
