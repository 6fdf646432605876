import type { Metadata } from "next";
import { getTranslations } from "next-intl/server";
import Link from "next/link";
import { Badge } from "@/app/_ui/badge";
import { EmptyState } from "@/app/_ui/empty-state";
import { LinkButton } from "@/app/_ui/link-button";
import { PageHeader } from "@/app/_ui/page-header";
import { Time } from "@/app/_ui/time";
import { getWorkspace, type ProjectView } from "@/lib/domain/projects";
import { page } from "@/lib/edge/page";

interface Props {
  params: Promise<{ workspace: string }>;
}

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations("projects"))("title") };
}

export default async function ProjectsPage({ params }: Props) {
  const { workspace: slug } = await params;
  const [workspace, t] = [await page((ctx) => getWorkspace(ctx, slug)), await getTranslations("projects")];
  return (
    <div className="grid gap-6">
      <PageHeader breadcrumbs={[{ label: workspace.name }]} title={t("title")} />
      {workspace.projects.length > 0 ? (
        <ul aria-label={t("list", { workspace: workspace.name })} className="grid grid-cols-[repeat(auto-fill,minmax(min(18rem,100%),1fr))] gap-3">
          {workspace.projects.map((project) => (
            <ProjectCard key={project.id} project={project} />
          ))}
        </ul>
      ) : (
        <EmptyState title={t("empty")} action={<LinkButton href={`/${slug}/settings/api-keys`}>{t("apiKeys")}</LinkButton>}>
          {t("emptyText")}
        </EmptyState>
      )}
    </div>
  );
}

async function ProjectCard({ project }: { project: ProjectView }) {
  const [t, common] = [await getTranslations("projects"), await getTranslations("common")];
  return (
    <li className="relative grid content-between gap-6 rounded-lg border border-line bg-raised p-4 transition-colors duration-100 hover:border-control">
      <div className="grid min-w-0 justify-items-start gap-1.5">
        <h2 className="max-w-full truncate font-medium">
          <Link href={`/${project.workspaceSlug}/${project.slug}`} prefetch={false} className="rounded-lg after:absolute after:inset-0 after:rounded-lg focus-visible:outline-none focus-visible:after:outline-2 focus-visible:after:outline-offset-2 focus-visible:after:outline-accent">
            {project.name}
          </Link>
        </h2>
        <Badge>{t(`types.${project.type}`)}</Badge>
      </div>
      <p className="flex flex-wrap justify-between gap-x-4 gap-y-1 text-sm text-muted">
        <span>{common("images", { count: project.images })}</span>
        <span className="grow">{common("versions", { count: project.versions })}</span>
        <span>
          <span className="sr-only">{t("lastActivity")}</span> <Time at={project.updatedAt} format="relative" />
        </span>
      </p>
    </li>
  );
}
