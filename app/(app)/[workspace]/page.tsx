import type { Metadata } from "next";
import { getTranslations } from "next-intl/server";
import Link from "next/link";
import { Badge } from "@/app/_ui/badge";
import { ClientMessages } from "@/app/_ui/client-messages";
import { EmptyState } from "@/app/_ui/empty-state";
import { PageHeader } from "@/app/_ui/page-header";
import { Time } from "@/app/_ui/time";
import { getProjectsPage, type ProjectsPage } from "@/lib/domain/projects";
import { page } from "@/lib/doors/page";
import { FocusOnArrival } from "./_deleting/arrival";
import { ProjectMenu } from "./_deleting/project-menu";
import { NewProject } from "./_projects/new-project";

interface Props {
  params: Promise<{ workspace: string }>;
}

const TITLE_ID = "projects";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations("projects"))("title") };
}

export default async function ProjectsPage({ params }: Props) {
  const { workspace: slug } = await params;
  const { workspace, projects, may } = await page((ctx) => getProjectsPage(ctx, slug));
  const t = await getTranslations("projects");
  const create = may.createProjects ? (
    <ClientMessages namespaces={["newProject", "projects"]}>
      <NewProject workspaceSlug={slug} />
    </ClientMessages>
  ) : null;
  return (
    <div className="grid gap-6">
      <PageHeader
        breadcrumbs={[{ label: workspace.name }]}
        actions={projects.length > 0 ? create : undefined}
        title={
          <span id={TITLE_ID} tabIndex={-1} className="focus:outline-none">
            {t("title")}
          </span>
        }
      />
      {projects.length > 0 ? (
        <ClientMessages namespaces={["versions"]}>
          <ul
            aria-label={t("list", { workspace: workspace.name })}
            className="grid grid-cols-[repeat(auto-fill,minmax(min(18rem,100%),1fr))] gap-3"
          >
            {projects.map((project) => (
              <ProjectCard key={project.id} project={project} editable={may.updateProjects} />
            ))}
          </ul>
        </ClientMessages>
      ) : (
        <EmptyState title={t("empty")} action={create}>
          {create ? t("emptyText") : t("emptyViewer")}
        </EmptyState>
      )}
      <FocusOnArrival item="PROJECT" target={TITLE_ID} shows={projects.map(({ id }) => id).join()} />
    </div>
  );
}

async function ProjectCard({ project, editable }: { project: ProjectsPage["projects"][number]; editable: boolean }) {
  const [t, common] = [await getTranslations("projects"), await getTranslations("common")];
  const { workspaceSlug, slug, name, thumbnails } = project;
  return (
    <li className="relative grid content-between gap-4 overflow-hidden rounded-lg border border-line bg-raised transition-colors duration-100 hover:border-control">
      <div className="grid">
        <ThumbnailStrip url={`/data/${workspaceSlug}/${slug}/images`} images={thumbnails} />
        <div className="flex items-start gap-2 px-4 pt-3">
          <div className="grid min-w-0 grow justify-items-start gap-1.5">
            <h2 className="max-w-full truncate font-medium">
              <Link
                href={`/${workspaceSlug}/${slug}`}
                prefetch={false}
                className="rounded-lg after:absolute after:inset-0 after:rounded-lg focus-visible:outline-none focus-visible:after:outline-2 focus-visible:after:-outline-offset-2 focus-visible:after:outline-accent"
              >
                <bdi>{name}</bdi>
              </Link>
            </h2>
            <Badge>{t(`types.${project.type}`)}</Badge>
          </div>
          {editable ? (
            <div className="relative -mr-2">
              <ProjectMenu workspaceSlug={workspaceSlug} projectSlug={slug} projectId={project.id} name={name} />
            </div>
          ) : null}
        </div>
      </div>
      <p className="flex flex-wrap justify-between gap-x-4 gap-y-1 px-4 pb-4 text-sm text-muted">
        <span>{common("images", { count: project.images })}</span>
        <span className="grow">{common("versions", { count: project.versions })}</span>
        <span>
          <span className="sr-only">{t("lastActivity")}</span> <Time at={project.updatedAt} format="relative" />
        </span>
      </p>
    </li>
  );
}

/** A few images of the project; decoration, since the card says the rest. */
function ThumbnailStrip({ url, images }: { url: string; images: readonly { id: string }[] }) {
  return (
    <div aria-hidden className="grid h-16 grid-cols-6 gap-px overflow-hidden border-b border-line bg-panel">
      {images.map(({ id }) => (
        // Bytes behind a session: Next's optimizer could not fetch them.
        <img
          key={id}
          src={`${url}/${id}`}
          alt=""
          loading="lazy"
          decoding="async"
          className="h-16 w-full object-cover"
        />
      ))}
    </div>
  );
}
