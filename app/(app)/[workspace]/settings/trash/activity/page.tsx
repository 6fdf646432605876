import type { Metadata } from "next";
import { getTranslations } from "next-intl/server";
import { ClientMessages } from "@/app/_ui/client-messages";
import { EmptyState } from "@/app/_ui/empty-state";
import { LinkButton } from "@/app/_ui/link-button";
import { PageHeader } from "@/app/_ui/page-header";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/app/_ui/table";
import { TextLink } from "@/app/_ui/text-link";
import { Time } from "@/app/_ui/time";
import { authorize } from "@/lib/domain/permissions";
import { listTrashJobs } from "@/lib/domain/trash";
import { page } from "@/lib/doors/page";
import { activityHref } from "../activity-href";
import { jobResult, jobTitle } from "./job-words";

interface Props {
  params: Promise<{ workspace: string }>;
  searchParams: Promise<{ before?: string | string[] }>;
}

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations("trash"))("activity.title") };
}

/** What was done to many items of Trash at once, newest first. */
export default async function TrashActivityPage({ params, searchParams }: Props) {
  const [{ workspace: slug }, { before }] = [await params, await searchParams];
  const cursor = typeof before === "string" ? before : undefined;
  const { workspace, jobs, next } = await page(async (ctx) => ({
    workspace: authorize(ctx, "read trash", slug),
    ...(await listTrashJobs(ctx, { workspaceSlug: slug, before: cursor })),
  }));
  const t = await getTranslations("trash");
  return (
    <ClientMessages namespaces={["trash"]}>
      <div className="grid gap-6">
        <PageHeader
          breadcrumbs={[
            { label: workspace.name, href: `/${slug}` },
            { label: t("title"), href: `/${slug}/settings/trash` },
            { label: t("activity.title") },
          ]}
          title={t("activity.title")}
          meta={<p>{t("activity.about")}</p>}
        />
        {jobs.length === 0 ? (
          <EmptyState title={t("activity.empty")}>{t("activity.emptyText")}</EmptyState>
        ) : (
          <Table label={t("activity.title")}>
            <TableHead>
              <TableRow>
                <TableHeader>{t("activity.what")}</TableHeader>
                <TableHeader className="max-sm:hidden">{t("activity.who")}</TableHeader>
                <TableHeader className="max-sm:hidden">{t("activity.when")}</TableHeader>
                <TableHeader className="max-sm:hidden">{t("activity.result")}</TableHeader>
              </TableRow>
            </TableHead>
            <TableBody>
              {jobs.map((job) => (
                <TableRow key={job.id} className="align-top">
                  <TableHeader scope="row" className="font-normal">
                    <TextLink href={activityHref(slug, job.id)}>{jobTitle(t, job)}</TextLink>
                    <div className="mt-0.5 grid text-muted sm:hidden">
                      <span>{jobResult(t, job)}</span>
                      <span className="flex flex-wrap gap-x-2">
                        <bdi>{job.userName}</bdi>
                        <Time at={job.createdAt} />
                      </span>
                    </div>
                  </TableHeader>
                  <TableCell className="max-sm:hidden">
                    <bdi>{job.userName}</bdi>
                  </TableCell>
                  <TableCell className="text-muted max-sm:hidden">
                    <Time at={job.createdAt} />
                  </TableCell>
                  <TableCell className="max-sm:hidden">{jobResult(t, job)}</TableCell>
                </TableRow>
              ))}
            </TableBody>
          </Table>
        )}
        {cursor || next ? (
          <nav aria-label={t("activity.pages")} className="flex flex-wrap justify-between gap-2">
            {cursor ? <LinkButton href={activityHref(slug)}>{t("activity.newest")}</LinkButton> : <span />}
            {next ? <LinkButton href={`${activityHref(slug)}?before=${next}`}>{t("activity.older")}</LinkButton> : null}
          </nav>
        ) : null}
      </div>
    </ClientMessages>
  );
}
