import type { Metadata } from "next";
import { getTranslations } from "next-intl/server";
import Link from "next/link";
import { redirect } from "next/navigation";
import { ClientMessages } from "@/app/_ui/client-messages";
import { escapeName } from "@/app/_ui/exact-name";
import { LinkButton } from "@/app/_ui/link-button";
import { PageHeader } from "@/app/_ui/page-header";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/app/_ui/table";
import { TextLink } from "@/app/_ui/text-link";
import { Time } from "@/app/_ui/time";
import { DomainError } from "@/lib/domain/errors";
import { authorize } from "@/lib/domain/permissions";
import { getTrashJob, listJobResults, type JobResult, type TrashJob } from "@/lib/domain/trash";
import { explain } from "@/lib/doors/explain";
import { page, pageOr } from "@/lib/doors/page";
import { activityHref } from "../../activity-href";
import { labelOf } from "../../label";
import { jobTitle } from "../job-words";
import { JobProgress } from "./job-progress";

interface Props {
  params: Promise<{ workspace: string; job: string }>;
  searchParams: Promise<{ show?: string | string[]; after?: string | string[] }>;
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const { workspace, job: jobId } = await params;
  const [t, job] = [
    await getTranslations("trash"),
    await page((ctx) => getTrashJob(ctx, { workspaceSlug: workspace, jobId })),
  ];
  return { title: jobTitle(t, job) };
}

/** One act on many items: how far it is, and what came of each. */
export default async function TrashJobPage({ params, searchParams }: Props) {
  const [{ workspace: slug, job: jobId }, { show, after }] = [await params, await searchParams];
  const onlyLeft = show === "left";
  const { workspace, job } = await page(async (ctx) => ({
    workspace: authorize(ctx, "read trash", slug),
    job: await getTrashJob(ctx, { workspaceSlug: slug, jobId }),
  }));
  const here = activityHref(slug, jobId);
  const read = await pageOr(["invalid_input"], (ctx) =>
    listJobResults(ctx, {
      workspaceSlug: slug,
      jobId,
      left: onlyLeft,
      cursor: typeof after === "string" ? after : undefined,
    }),
  );
  if (!read.ok) redirect(here);
  const { results, next } = read.data;
  const t = await getTranslations("trash");
  const refusal = job.problem && (await sentenceOf(job.problem));
  const hrefOf = (query: Record<string, string>) => {
    const search = new URLSearchParams({ ...(onlyLeft ? { show: "left" } : {}), ...query });
    return search.size > 0 ? `${here}?${search.toString()}` : here;
  };
  return (
    <ClientMessages namespaces={["trash"]}>
      <div className="grid gap-6">
        <PageHeader
          breadcrumbs={[
            { label: workspace.name, href: `/${slug}` },
            { label: t("title"), href: `/${slug}/settings/trash` },
            { label: t("activity.title"), href: activityHref(slug) },
            { label: jobTitle(t, job) },
          ]}
          title={jobTitle(t, job)}
          meta={
            <p className="flex flex-wrap gap-x-2">
              <bdi>{job.userName}</bdi>
              <span aria-hidden>·</span>
              <Time at={job.createdAt} />
            </p>
          }
        />
        {job.note ? (
          <p>
            <span className="text-muted">{t("activity.note")}</span> <bdi>{job.note}</bdi>
          </p>
        ) : null}
        <JobProgress workspaceSlug={slug} job={job} refusal={refusal} />
        <div className="grid gap-3">
          {job.left > 0 ? (
            <nav aria-label={t("activity.show")} className="flex flex-wrap gap-1.5">
              <Tab href={here} current={!onlyLeft}>
                {t("activity.all", { count: job.done + job.left })}
              </Tab>
              <Tab href={`${here}?show=left`} current={onlyLeft}>
                {t("activity.left", { count: job.left })}
              </Tab>
            </nav>
          ) : null}
          {results.length > 0 ? <Results slug={slug} job={job} results={results} /> : null}
          {after || next ? (
            <nav aria-label={t("activity.pages")} className="flex flex-wrap justify-between gap-2">
              {after ? <LinkButton href={hrefOf({})}>{t("activity.first")}</LinkButton> : <span />}
              {next ? <LinkButton href={hrefOf({ after: next })}>{t("activity.further")}</LinkButton> : null}
            </nav>
          ) : null}
        </div>
      </div>
    </ClientMessages>
  );
}

const sentenceOf = async ({ code, message, details }: NonNullable<TrashJob["problem"]>): Promise<string> =>
  (await explain(new DomainError(code, message, details), "")).message;

function Tab({ href, current, children }: { href: string; current: boolean; children: string }) {
  return (
    <Link
      href={href}
      prefetch={false}
      aria-current={current ? "true" : undefined}
      className="inline-flex h-7 items-center rounded-md px-2.5 text-sm text-muted transition-colors duration-100 hover:bg-hover hover:text-ink aria-[current]:bg-accent-soft aria-[current]:font-medium aria-[current]:text-accent pointer-coarse:h-9"
    >
      {children}
    </Link>
  );
}

async function Results({ slug, job, results }: { slug: string; job: TrashJob; results: readonly JobResult[] }) {
  const t = await getTranslations("trash");
  const rows = await Promise.all(
    results.map(async (result) => ({ ...result, reason: result.problem ? await sentenceOf(result.problem) : null })),
  );
  return (
    <Table label={t("activity.results")}>
      <TableHead>
        <TableRow>
          <TableHeader>{t("columns.name")}</TableHeader>
          <TableHeader>{t("activity.result")}</TableHeader>
        </TableRow>
      </TableHead>
      <TableBody>
        {rows.map((row) => (
          <TableRow key={row.id} className="align-top">
            <TableHeader scope="row" className="font-normal">
              <bdi className="block font-medium break-words">
                {row.type === "TRAINING"
                  ? t("training", { number: row.trainingNumber ?? 0 })
                  : row.type === "IMAGES"
                    ? labelOf(t, row)
                    : escapeName(row.name)}
              </bdi>
              {row.type === "PROJECT" || row.type === "IMAGES" ? null : (
                <bdi className="block text-muted break-words">{labelOf(t, row)}</bdi>
              )}
            </TableHeader>
            <TableCell>
              {row.reason !== null ? (
                <>
                  <span className="font-medium">{t("activity.wasLeft")}</span>{" "}
                  <span className="text-muted">{row.reason}</span>
                </>
              ) : row.receiptId ? (
                <TextLink href={`/${slug}/settings/receipts/${row.receiptId}`}>{t("activity.receipt")}</TextLink>
              ) : (
                t(`activity.done_${job.act}`)
              )}
            </TableCell>
          </TableRow>
        ))}
      </TableBody>
    </Table>
  );
}
