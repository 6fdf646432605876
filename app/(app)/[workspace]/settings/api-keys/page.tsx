import type { Metadata } from "next";
import { getTranslations } from "next-intl/server";
import type { ReactNode } from "react";
import { cn } from "@/app/_ui/class-names";
import { ClientMessages } from "@/app/_ui/client-messages";
import { EmptyState } from "@/app/_ui/empty-state";
import { PageHeader } from "@/app/_ui/page-header";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/app/_ui/table";
import { Time } from "@/app/_ui/time";
import { type ApiKey, listApiKeys } from "@/lib/domain/people";
import { authorize } from "@/lib/domain/permissions";
import { page } from "@/lib/doors/page";
import { apiUrl } from "@/lib/doors/public-url";
import { CreateKey } from "./create-key";
import { RevokeKey } from "./revoke-key";
import { presetOf } from "./scopes";

/** Columns that a phone has no room for. */
const WIDE = "max-sm:hidden";

interface Props {
  params: Promise<{ workspace: string }>;
}

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations("keys"))("title") };
}

export default async function ApiKeysPage({ params }: Props) {
  const { workspace: slug } = await params;
  const { workspace, keys } = await page(async (ctx) => ({
    workspace: authorize(ctx, "read api keys", slug),
    keys: await listApiKeys(ctx, slug),
  }));
  const t = await getTranslations("keys");
  const [inForce, revoked] = [
    keys.filter((key) => key.revokedAt === null),
    keys.filter((key) => key.revokedAt !== null),
  ];
  return (
    <ClientMessages namespaces={["keys"]}>
      <div className="grid gap-6">
        <PageHeader
          breadcrumbs={[{ label: workspace.name, href: `/${slug}` }, { label: t("title") }]}
          title={t("title")}
          meta={<p>{t("about")}</p>}
          actions={<CreateKey workspaceSlug={slug} apiUrl={apiUrl()} />}
        />
        <div id="keys-in-force" tabIndex={-1} role="group" aria-label={t("inForce")}>
          {inForce.length > 0 ? (
            <Table label={t("title")}>
              <TableHead>
                <TableRow>
                  <TableHeader>{t("name")}</TableHeader>
                  <TableHeader className={WIDE}>{t("scopes")}</TableHeader>
                  <TableHeader className={WIDE}>{t("owner")}</TableHeader>
                  <TableHeader className={WIDE}>{t("created")}</TableHeader>
                  <TableHeader>
                    <span className="sr-only">{t("actions")}</span>
                  </TableHeader>
                </TableRow>
              </TableHead>
              <TableBody>
                {inForce.map((key) => (
                  <TableRow key={key.id}>
                    <NameCell apiKey={key}>
                      <span className="block font-normal sm:hidden">
                        <Scopes apiKey={key} />
                      </span>
                    </NameCell>
                    <TableCell className={cn(WIDE, "min-w-56")}>
                      <Scopes apiKey={key} />
                    </TableCell>
                    <TableCell className={WIDE}>{key.ownerName}</TableCell>
                    <TableCell className={WIDE}>
                      <Time at={key.createdAt} format="date" />
                    </TableCell>
                    <TableCell className="text-right">
                      <RevokeKey workspaceSlug={slug} apiKey={{ id: key.id, name: key.name, prefix: key.prefix }} />
                    </TableCell>
                  </TableRow>
                ))}
              </TableBody>
            </Table>
          ) : (
            <EmptyState title={revoked.length > 0 ? t("noneInForce") : t("empty")}>{t("emptyText")}</EmptyState>
          )}
        </div>
        {revoked.length > 0 ? <RevokedKeys keys={revoked} /> : null}
      </div>
    </ClientMessages>
  );
}

async function RevokedKeys({ keys }: { keys: ApiKey[] }) {
  const t = await getTranslations("keys");
  return (
    <details>
      <summary className="w-fit cursor-pointer rounded-md text-sm text-muted hover:text-ink">
        {t("revokedKeys", { count: keys.length })}
      </summary>
      <div className="mt-3 min-w-0">
        <Table label={t("revokedKeys", { count: keys.length })} className="text-muted">
          <TableHead>
            <TableRow>
              <TableHeader>{t("name")}</TableHeader>
              <TableHeader className={WIDE}>{t("owner")}</TableHeader>
              <TableHeader className={WIDE}>{t("created")}</TableHeader>
              <TableHeader>{t("revoked")}</TableHeader>
            </TableRow>
          </TableHead>
          <TableBody>
            {keys.map((key) => (
              <TableRow key={key.id}>
                <NameCell apiKey={key} />
                <TableCell className={WIDE}>{key.ownerName}</TableCell>
                <TableCell className={WIDE}>
                  <Time at={key.createdAt} format="date" />
                </TableCell>
                <TableCell>{key.revokedAt ? <Time at={key.revokedAt} /> : null}</TableCell>
              </TableRow>
            ))}
          </TableBody>
        </Table>
      </div>
    </details>
  );
}

function NameCell({ apiKey, children }: { apiKey: ApiKey; children?: ReactNode }) {
  return (
    <TableHeader scope="row" className="max-w-72 sm:min-w-40">
      <span className="block wrap-anywhere">{apiKey.name}</span>
      <code className="font-mono text-xs font-normal text-muted">{`${apiKey.prefix}…`}</code>
      {children}
    </TableHeader>
  );
}

/** In a word where they are a preset, and in any case which. */
async function Scopes({ apiKey }: { apiKey: ApiKey }) {
  const t = await getTranslations("keys");
  const preset = presetOf(new Set(apiKey.scopes));
  return (
    <>
      {preset ? t(`presets.${preset}`) : t("scopeCount", { count: apiKey.scopes.length })}
      {preset === "everything" ? null : (
        <span className="block max-w-md font-mono text-xs text-muted">{apiKey.scopes.join(", ")}</span>
      )}
    </>
  );
}
