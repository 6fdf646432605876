/** What an API key can be let do. Imports nothing, so that a form in the browser can list them. */
export const SCOPES = [
  "workspace:read",
  "project:read",
  "project:create",
  "project:update",
  "image:upload",
  "image:delete",
  "version:read",
  "version:create",
  "version:update",
  "training-job:create",
  "training-job:run",
  "model:infer",
  "model:deploy",
  "api-key:read",
  "api-key:create",
  "api-key:update",
  "api-key:revoke",
] as const;

export type Scope = (typeof SCOPES)[number];
