import next from "eslint-config-next/core-web-vitals";
import typescript from "eslint-config-next/typescript";

/*
 * The dependency rule of the house: app → edge → domain → platform, and edge → engine. Each message says where to go
 * instead; lib/testing/lint.test.ts proves that the rules bite.
 */

const FRAMEWORKS = { group: ["next", "next/*", "react", "react/*", "react-dom", "react-dom/*", "next-auth", "next-auth/*", "next-intl", "next-intl/*"], message: "lib knows no framework: what needs Next or React belongs into app." };
const room = (name, message) => ({ group: [`@/lib/${name}`, `@/lib/${name}/**`, `**/../${name}/**`], message });

const APP = { group: ["@/app", "@/app/**"], message: "Nothing imports app: move what is shared down into lib." };
const EDGE = (message) => room("edge", message);
const DOMAIN = (message) => room("domain", message);
const TESTING = room("testing", "lib/testing is for tests, e2e and the seed only.");
const TRASH_ROOMS = { group: ["@/lib/domain/trash/*", "!@/lib/domain/trash/receipts"], message: "One module owns Trash: import it from lib/domain/trash." };

const ROOMS = {
  "lib/platform/**": [APP, TESTING, FRAMEWORKS, EDGE("platform knows no edge: pass in what it needs."), DOMAIN("platform knows no rule: pass in what it needs."), room("engine", "platform knows no engine: lib/edge brings the two together.")],
  "lib/engine/**": [APP, TESTING, FRAMEWORKS, EDGE("engine is bytes in, bytes out: lib/edge calls it."), DOMAIN("engine knows no rule: pass in what it needs."), room("platform", "engine is bytes in, bytes out: lib/edge reads and writes for it.")],
  "lib/domain/**": [APP, TESTING, FRAMEWORKS, TRASH_ROOMS, EDGE("domain knows no door: throw a DomainError, and let lib/edge present it."), room("engine", "domain does no heavy work: lib/edge brings engine and domain together.")],
  "lib/edge/**": [APP, TESTING, TRASH_ROOMS],
  "app/**": [TESTING, TRASH_ROOMS, room("platform", "app is thin: go through lib/edge, or a read of lib/domain."), room("engine", "app is thin: go through lib/edge.")],
  "pages/**": [TESTING, TRASH_ROOMS, room("platform", "pages is as thin as app: go through lib/edge."), room("engine", "pages is as thin as app: go through lib/edge."), room("domain", "pages is as thin as app: go through lib/edge.")],
  "scripts/**": [APP, TESTING, TRASH_ROOMS],
};

const NO_CLOCK = [
  { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: "Time is ctx.now, the database's clock, taken once at the door." },
  { selector: "CallExpression[callee.object.name='Date'][callee.property.name='now']", message: "Time is ctx.now, the database's clock, taken once at the door." },
];

const NO_PROCESS_ENV = { object: "process", property: "env", message: "Read lib/platform/env instead: it is checked at boot." };

const config = [
  { ignores: [".next/**", ".build/**", ".data/**", "lib/platform/generated/**", "next-env.d.ts"] },
  ...next,
  ...typescript,
  {
    files: ["**/*.ts", "**/*.tsx"],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/no-misused-promises": "error",
      "@typescript-eslint/switch-exhaustiveness-check": "error",
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      eqeqeq: "error",
    },
  },
  { files: ["**/*.test.ts"], rules: { "@typescript-eslint/no-misused-promises": ["error", { checksVoidReturn: false }] } },
  { files: ["**/*.config.mjs"], rules: { "import/no-anonymous-default-export": "off" } },
  ...Object.entries(ROOMS).map(([files, patterns]) => ({ files: [files], ignores: ["**/*.test.ts"], rules: { "no-restricted-imports": ["error", { patterns }] } })),
  {
    // index.ts is the front of the rooms behind it, which know each other.
    files: ["lib/domain/trash/**"],
    ignores: ["**/*.test.ts"],
    rules: { "no-restricted-imports": ["error", { patterns: ROOMS["lib/domain/**"].filter((pattern) => pattern !== TRASH_ROOMS) }] },
  },
  { files: ["lib/domain/**", "lib/engine/**"], ignores: ["**/*.test.ts"], rules: { "no-restricted-syntax": ["error", ...NO_CLOCK] } },
  { files: ["lib/**", "app/**", "pages/**"], ignores: ["lib/platform/env.ts", "lib/testing/**", "**/*.test.ts"], rules: { "no-restricted-properties": ["error", NO_PROCESS_ENV], "no-console": "error" } },
];

export default config;
