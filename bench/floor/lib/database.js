import { createHash } from "node:crypto";
import pg from "pg";

// One pool a process, of the size that the product gets.
const pool = (globalThis.floorPool ??= new pg.Pool({
  connectionString: process.env.DATABASE_URL,
  max: Number(process.env.DATABASE_POOL_SIZE),
  idleTimeoutMillis: 60_000,
}));

/** Runs a named statement whose $1 is the caller's key, as its hash, and answers its rows. */
export async function run(statement, request, values) {
  const key = new URL(request.url).searchParams.get("api_key") ?? "";
  const { rows } = await pool.query({
    ...statement,
    values: [createHash("sha256").update(key).digest("hex"), ...values],
  });
  return rows;
}

/** The first part of every statement: whose key it is, in the workspace of the path, with the scope and a role that grants. */
export const caller = (scope, roles) => `caller as (
  select k.id as key_id, u.id as user_id, u.name as user_name, k.workspace_id, date_trunc('milliseconds', now()) as now
  from api_keys k
  join users u on u.id = k.user_id
  join workspaces w on w.id = k.workspace_id
  join memberships m on m.workspace_id = k.workspace_id and m.user_id = k.user_id
  where k.hash = $1 and k.revoked_at is null and w.slug = $2 and '${scope}' = any(k.scopes) and m.role in (${roles})
)`;

/** The last part of every statement that changes something. */
export const audited = (from, action, details) => `audited as (
  insert into audit_events (id, workspace_id, at, actor_type, actor_id, actor_name, user_id, action, target_type, target_id, target_name, details, request_id)
  select uuidv7()::text, workspace_id, now, 'API_KEY', key_id, user_name, user_id, '${action}', 'version', id, name, ${details}, uuidv7()::text from ${from}
)`;

export const refusal = () =>
  Response.json({ error: "No such thing, or not yours." }, { status: 404, headers: { "Cache-Control": "no-store" } });

export const answer = (body) => Response.json(body, { headers: { "Cache-Control": "no-store" } });
