import type { Metadata } from "next";
import { getTranslations } from "next-intl/server";
import { redirect } from "next/navigation";
import { Callout } from "@/app/_ui/callout";
import { ClientMessages } from "@/app/_ui/client-messages";
import { escapeName } from "@/app/_ui/exact-name";
import { LinkButton } from "@/app/_ui/link-button";
import { PageHeader } from "@/app/_ui/page-header";
import { Time } from "@/app/_ui/time";
import { readRemoval } from "@/lib/domain/trash";
import { page } from "@/lib/doors/page";
import { removalHref } from "../../removal-href";
import { trashHref } from "../../view-query";
import { RemovedImages } from "./removed-images";

interface Props {
  params: Promise<{ workspace: string; removal: string }>;
  searchParams: Promise<{ before?: string | string[] }>;
}

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations("trash.removal"))("title") };
}

/** Images that went to Trash together: what they are, and some or all of them back. */
export default async function RemovalPage({ params, searchParams }: Props) {
  const [{ workspace: slug, removal: removalId }, { before }] = [await params, await searchParams];
  const cursor = typeof before === "string" ? before.slice(0, 64).replaceAll("\0", "") : undefined;
  const removal = await page((ctx) => readRemoval(ctx, { workspaceSlug: slug, removalId, before: cursor }));
  if (!removal) redirect(trashHref(slug)); // all of it is back
  const here = removalHref(slug, removalId);
  if (removal.shown.length === 0) redirect(here); // those are back that stood here
  const t = await getTranslations("trash");
  const { projectName, images, deletedByName, deletedAt, deletedNote, purgeAfter, timeLeft, blocked, next } = removal;
  const title = t("imagesLabel", { project: projectName, count: images });
  return (
    <ClientMessages namespaces={["trash"]}>
      <div className="grid gap-5">
        <PageHeader
          breadcrumbs={[
            { label: removal.workspaceName, href: `/${slug}` },
            { label: t("title"), href: trashHref(slug) },
            { label: title },
          ]}
          title={title}
          meta={
            <p className="flex flex-wrap gap-x-2">
              {deletedByName === null ? null : (
                <>
                  <bdi>{t("deletedByLine", { name: escapeName(deletedByName) })}</bdi>
                  <span aria-hidden>·</span>
                </>
              )}
              <Time at={deletedAt} />
              <span aria-hidden>·</span>
              <span className={timeLeft.urgent ? "font-medium text-warn" : undefined}>
                {t(`timeLeftAlone.${timeLeft.unit}`, { count: timeLeft.value })}
              </span>
              <span aria-hidden>·</span>
              <span>{t.rich("purgeAt", { time: () => <Time at={purgeAfter} /> })}</span>
            </p>
          }
        />
        {deletedNote === null ? null : (
          <p className="text-muted wrap-anywhere">
            {t.rich("note", { note: escapeName(deletedNote), bdi: (words) => <bdi>{words}</bdi> })}
          </p>
        )}
        {blocked ? <Callout tone="warn">{t("blocked", { by: "PROJECT", name: projectName })}</Callout> : null}
        <RemovedImages
          workspaceSlug={slug}
          removalId={removalId}
          label={title}
          images={removal.shown}
          whole={cursor === undefined && next === null}
          mayRestore={removal.mayRestore && !blocked}
        />
        {cursor !== undefined || next !== null ? (
          <nav aria-label={t("pages", { type: "IMAGES" })} className="flex flex-wrap gap-2">
            {cursor === undefined ? null : (
              <LinkButton size="sm" variant="ghost" href={here}>
                {t("fromTheBeginning")}
              </LinkButton>
            )}
            {next === null ? null : (
              <LinkButton size="sm" href={`${here}?before=${next}`}>
                {t("next", { type: "IMAGES" })}
              </LinkButton>
            )}
          </nav>
        ) : null}
      </div>
    </ClientMessages>
  );
}
