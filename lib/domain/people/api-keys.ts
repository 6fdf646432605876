import { prisma, query, statement, transaction } from "@/lib/platform/db";
import type { Role } from "@/lib/platform/generated/enums";
import { newId } from "@/lib/platform/id";
import { API_KEY_PREFIX_LENGTH, hashApiKey, newApiKey } from "@/lib/platform/secrets";
import { recordAudit } from "@/lib/domain/audit";
import type { Context } from "@/lib/domain/context";
import { DomainError } from "@/lib/domain/errors";
import { parseName } from "@/lib/domain/names";
import { authorize, SCOPES, type Scope } from "@/lib/domain/permissions";

/** hot: asked at every call by key. */
const AUTHENTICATE = statement({
  name: "authenticate-key",
  text: `
select k.id as "keyId", k.scopes, u.id as "userId", u.name,
  w.id as "workspaceId", w.slug, w.name as "workspaceName", m.role,
  date_trunc('milliseconds', now()) as now
from api_keys k
join users u on u.id = k.user_id
join workspaces w on w.id = k.workspace_id
join memberships m on m.workspace_id = k.workspace_id and m.user_id = k.user_id
where k.hash = $1 and k.revoked_at is null`,
});

interface AuthenticatedRow {
  keyId: string;
  scopes: Scope[];
  userId: string;
  name: string;
  workspaceId: string;
  slug: string;
  workspaceName: string;
  role: Role;
  now: Date;
}

/**
 * The context of a call by API key: who, in which workspace, within which scopes and when, all from one statement.
 * Throws `unauthorized` for a key that is missing, unknown or revoked, or whose owner left the workspace, alike.
 */
export async function authenticateKey(key: string | null, requestId: string): Promise<Context> {
  const [row] = key ? await query<AuthenticatedRow>(AUTHENTICATE, [hashApiKey(key)]) : [];
  if (!row)
    throw new DomainError(
      "unauthorized",
      key
        ? "This API key is not valid. Check it, or make a new one in the workspace's settings."
        : "No API key was given. Add ?api_key=… or an Authorization: Bearer header.",
    );
  return {
    actor: {
      type: "API_KEY",
      keyId: row.keyId,
      userId: row.userId,
      name: row.name,
      scopes: row.scopes,
      memberships: [{ workspaceId: row.workspaceId, slug: row.slug, name: row.workspaceName, role: row.role }],
    },
    now: row.now,
    requestId,
  };
}

export interface ApiKey {
  id: string;
  name: string;
  /** The first characters of the secret, to tell keys apart. */
  prefix: string;
  scopes: Scope[];
  ownerName: string;
  createdAt: Date;
  revokedAt: Date | null;
}

/** The keys of a workspace, those in force first. The secrets are nowhere. */
export async function listApiKeys(ctx: Context, workspaceSlug: string): Promise<ApiKey[]> {
  const { workspaceId } = authorize(ctx, "read api keys", workspaceSlug);
  const keys = await prisma().apiKey.findMany({
    where: { workspaceId },
    orderBy: { createdAt: "desc" },
    select: {
      id: true,
      name: true,
      prefix: true,
      scopes: true,
      createdAt: true,
      revokedAt: true,
      user: { select: { name: true } },
    },
  });
  const listed = keys.map(({ user, scopes, ...key }) => ({ ...key, scopes: scopes as Scope[], ownerName: user.name }));
  return [...listed.filter(({ revokedAt }) => !revokedAt), ...listed.filter(({ revokedAt }) => revokedAt)];
}

/** One conditional statement: of a member only, be they removed at this moment. */
const INSERT = statement({
  name: "insert-api-key",
  text: `
insert into api_keys (id, workspace_id, user_id, name, prefix, hash, scopes, created_at)
select $1, m.workspace_id, m.user_id, $4, $5, $6, $7, $8 from memberships m where m.workspace_id = $2 and m.user_id = $3
returning id`,
});

/**
 * Makes an API key for a member; without `scopes` it has all. The secret is answered once and stored nowhere. A key makes
 * keys for its own owner alone, with no scope that it lacks.
 * Throws `not_found` when the user is no member, `invalid_input` for a name or scope that will not do, `missing_scope`.
 */
export async function createApiKey(
  ctx: Context,
  input: { workspaceSlug: string; userId: string; name: string; scopes?: readonly string[] | undefined },
): Promise<{ keyId: string; key: string; name: string }> {
  const { workspaceId } = authorize(ctx, "create api key", input.workspaceSlug);
  const name = parseName(input.name);
  const scopes = parseScopes(input.scopes);
  if (ctx.actor.type === "API_KEY") {
    const { actor } = ctx;
    if (actor.userId !== input.userId || scopes.some((scope) => !actor.scopes.includes(scope)))
      throw new DomainError(
        "missing_scope",
        "An API key can make keys only for its own owner, and only with scopes that it has itself.",
      );
  }
  const key = newApiKey();
  return transaction(async (tx) => {
    const [made] = await tx.query<{ id: string }>(INSERT, [
      newId(),
      workspaceId,
      input.userId,
      name,
      key.slice(0, API_KEY_PREFIX_LENGTH),
      hashApiKey(key),
      scopes,
      ctx.now,
    ]);
    if (!made) throw new DomainError("not_found", "This person is not a member of the workspace. Add them first.");
    await recordAudit(tx, ctx, [
      {
        workspaceId,
        action: "api_key.created",
        targetType: "api_key",
        targetId: made.id,
        targetName: name,
        details: { scopes },
      },
    ]);
    return { keyId: made.id, key, name };
  });
}

/** Each once, in our order. */
function parseScopes(asked: readonly string[] | undefined): readonly Scope[] {
  if (!asked) return SCOPES;
  const unknown = asked.find((scope) => !(SCOPES as readonly string[]).includes(scope));
  if (unknown !== undefined)
    throw new DomainError("invalid_input", `"${unknown}" is not a scope. Scopes are: ${SCOPES.join(", ")}.`, {
      field: "scopes",
    });
  if (asked.length === 0)
    throw new DomainError("invalid_input", "Choose at least one scope: a key without any can do nothing.", {
      field: "scopes",
    });
  return SCOPES.filter((scope) => asked.includes(scope));
}

/** Ends a key for good; its next call is refused. Repeating does nothing. Throws `not_found`. */
export async function revokeApiKey(ctx: Context, input: { workspaceSlug: string; keyId: string }): Promise<void> {
  const { workspaceId } = authorize(ctx, "revoke api key", input.workspaceSlug);
  await transaction(async (tx) => {
    const key = { id: input.keyId, workspaceId };
    const [revoked] = await tx.apiKey.updateManyAndReturn({
      where: { ...key, revokedAt: null },
      data: { revokedAt: ctx.now },
      select: { name: true },
    });
    if (revoked)
      await recordAudit(tx, ctx, [
        {
          workspaceId,
          action: "api_key.revoked",
          targetType: "api_key",
          targetId: input.keyId,
          targetName: revoked.name,
        },
      ]);
    else if (!(await tx.apiKey.findFirst({ where: key, select: { id: true } })))
      throw new DomainError("not_found", "There is no such API key.");
  });
}
