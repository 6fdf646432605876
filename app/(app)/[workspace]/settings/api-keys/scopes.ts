import { SCOPES, type Scope } from "@/lib/domain/scopes";

/** Scopes by what they are about, in the order of the form. Each is in one group; `satisfies` finds one that is missing. */
const GROUP_OF = {
  "workspace:read": "workspace",
  "project:read": "projects",
  "project:create": "projects",
  "project:update": "projects",
  "image:upload": "images",
  "image:delete": "images",
  "version:read": "versions",
  "version:create": "versions",
  "version:update": "versions",
  "training-job:create": "trainings",
  "training-job:run": "trainings",
  "model:infer": "models",
  "model:deploy": "models",
  "api-key:read": "keys",
  "api-key:create": "keys",
  "api-key:update": "keys",
  "api-key:revoke": "keys",
} as const satisfies Record<Scope, string>;

export const SCOPE_GROUPS = [...new Set(Object.values(GROUP_OF))].map((group) => ({
  group,
  scopes: SCOPES.filter((scope) => GROUP_OF[scope] === group),
}));

export const PRESETS = [
  { preset: "everything", scopes: SCOPES },
  { preset: "readOnly", scopes: ["workspace:read", "project:read", "version:read"] },
  {
    preset: "trashAndRestore",
    scopes: ["workspace:read", "project:read", "project:update", "version:read", "version:update"],
  },
] as const satisfies readonly { preset: string; scopes: readonly Scope[] }[];

/** The preset that these scopes are, if they are one. */
export const presetOf = (scopes: ReadonlySet<Scope>) =>
  PRESETS.find((preset) => preset.scopes.length === scopes.size && preset.scopes.every((scope) => scopes.has(scope)))
    ?.preset ?? null;
