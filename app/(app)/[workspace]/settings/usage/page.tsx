import type { Metadata } from "next";
import { getTranslations } from "next-intl/server";
import { Badge } from "@/app/_ui/badge";
import { EmptyState } from "@/app/_ui/empty-state";
import { Bytes, Count } from "@/app/_ui/number";
import { PageHeader } from "@/app/_ui/page-header";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/app/_ui/table";
import { TextLink } from "@/app/_ui/text-link";
import { getUsageByProject, type Holding, type ProjectUsage, type WorkspaceUsage } from "@/lib/domain/workspaces";
import { page } from "@/lib/doors/page";
import { QuotaBar } from "./quota-bar";
import { UsageChart } from "./usage-chart";

interface Props {
  params: Promise<{ workspace: string }>;
}

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations("usage"))("title") };
}

export default async function UsagePage({ params }: Props) {
  const { workspace: slug } = await params;
  const [usage, t] = [await page((ctx) => getUsageByProject(ctx, slug)), await getTranslations("usage")];
  return (
    <div className="grid gap-8">
      <PageHeader
        breadcrumbs={[{ label: usage.workspace.name, href: `/${slug}` }, { label: t("title") }]}
        title={t("title")}
      />
      <Quota usage={usage} />
      <div className="grid gap-3">
        <h2 className="font-semibold">{t("byProject")}</h2>
        {usage.projects.length > 0 ? (
          <ByProject usage={usage} />
        ) : (
          <EmptyState title={t("empty")}>{t("emptyText")}</EmptyState>
        )}
      </div>
    </div>
  );
}

async function Quota({ usage: { workspace, imageQuota, usedImages, live, trash } }: { usage: WorkspaceUsage }) {
  const t = await getTranslations("usage");
  return (
    <section aria-labelledby="quota" className="grid gap-3">
      <div className="grid gap-0.5">
        <h2 id="quota" className="font-semibold">
          {t("quota")}
        </h2>
        <p className="text-lg">
          {t.rich("used", {
            used: usedImages,
            quota: imageQuota,
            strong: (chunks) => <strong className="font-semibold">{chunks}</strong>,
          })}
        </p>
      </div>
      <QuotaBar live={live} trash={trash} quota={imageQuota} />
      <p className="max-w-prose text-sm text-muted">
        {t.rich(trash.images > 0 ? "trashCounts" : "trashWouldCount", {
          link: (chunks) => <TextLink href={`/${workspace.slug}/settings/trash`}>{chunks}</TextLink>,
        })}
      </p>
    </section>
  );
}

async function ByProject({ usage: { workspace, projects, live, trash } }: { usage: WorkspaceUsage }) {
  const t = await getTranslations("usage");
  return (
    <>
      {live.bytes + trash.bytes + live.images + trash.images > 0 ? <UsageChart projects={projects} /> : null}
      <Table label={t("byProject")}>
        <TableHead>
          <TableRow>
            <TableHeader>{t("project")}</TableHeader>
            <TableHeader numeric>{t("live")}</TableHeader>
            <TableHeader numeric>{t("inTrash")}</TableHeader>
            <TableHeader numeric>{t("total")}</TableHeader>
          </TableRow>
        </TableHead>
        <TableBody>
          {projects.map((project) => (
            <ProjectRow key={project.slug} workspaceSlug={workspace.slug} project={project} />
          ))}
          <TableRow className="bg-panel font-medium">
            <TableHeader scope="row">{t("sum")}</TableHeader>
            <Held holding={live} />
            <Held holding={trash} />
            <Held holding={add(live, trash)} />
          </TableRow>
        </TableBody>
      </Table>
      <p className="max-w-prose text-sm text-muted">{t("sizeHelp")}</p>
    </>
  );
}

async function ProjectRow({
  workspaceSlug,
  project: { slug, name, inTrash, live, trash },
}: {
  workspaceSlug: string;
  project: ProjectUsage;
}) {
  const t = await getTranslations("usage");
  return (
    <TableRow>
      <TableHeader scope="row" className="min-w-32 align-top">
        <span className="flex flex-wrap items-center gap-2">
          {inTrash ? (
            <bdi className="break-words text-muted">{name}</bdi>
          ) : (
            <TextLink href={`/${workspaceSlug}/${slug}`} className="break-words">
              {name}
            </TextLink>
          )}
          {inTrash ? <Badge>{t("inTrash")}</Badge> : null}
        </span>
      </TableHeader>
      <Held holding={live} />
      <Held holding={trash} />
      <Held holding={add(live, trash)} />
    </TableRow>
  );
}

const add = (a: Holding, b: Holding): Holding => ({ images: a.images + b.images, bytes: a.bytes + b.bytes });

/** Images, and under them their size; a dash where there is neither. */
async function Held({ holding: { images, bytes } }: { holding: Holding }) {
  const t = await getTranslations("usage");
  if (images === 0 && bytes === 0) {
    return (
      <TableCell numeric className="align-top text-muted">
        <span aria-hidden>–</span>
        <span className="sr-only">{t("nothing")}</span>
      </TableCell>
    );
  }
  return (
    <TableCell numeric className="align-top">
      <span className="sr-only">{t("images", { count: images })} </span>
      <span aria-hidden className="block">
        <Count value={images} />
      </span>
      <span className="block text-xs text-muted">
        <Bytes value={bytes} />
      </span>
    </TableCell>
  );
}
