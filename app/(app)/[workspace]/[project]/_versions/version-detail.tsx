import { ArrowLeft } from "lucide-react";
import { getTranslations } from "next-intl/server";
import Link from "next/link";
import type { ReactNode } from "react";
import { escapeName } from "@/app/_ui/exact-name";
import { Count } from "@/app/_ui/number";
import { StackedBar } from "@/app/_ui/stacked-bar";
import { Time } from "@/app/_ui/time";
import type { ChosenVersion, VersionsPage } from "@/lib/domain/versions-page";
import { ClassBalance } from "./class-balance";
import { DownloadMenu } from "./download-menu";
import { EditDataset } from "./edit-dataset";
import { Failed } from "./failed";
import { Generating } from "./generating";
import { ImageGrid } from "./image-grid";
import { ModelsList } from "./models-list";
import { SettingLines } from "./setting-lines";
import { TrainingsTable } from "./trainings-table";

interface Props {
  data: VersionsPage;
  version: ChosenVersion;
  headingId: string;
}

/** The chosen version, whole. */
export async function VersionDetail({ data, version, headingId }: Props) {
  const { workspace, project, may } = data;
  const t = await getTranslations("versions");
  const number = t("number", { number: String(version.number) });
  return (
    <article aria-labelledby={headingId} className="grid gap-8">
      <header className="grid gap-3">
        <Link href={`/${workspace.slug}/${project.slug}`} prefetch={false} className="flex w-fit items-center gap-1.5 rounded-sm text-sm text-muted hover:text-ink lg:hidden">
          <ArrowLeft aria-hidden className="size-4" />
          {t("allVersions")}
        </Link>
        <div className="flex flex-wrap items-start justify-between gap-x-4 gap-y-3">
          <div className="grid min-w-0 gap-0.5">
            <h2 id={headingId} tabIndex={-1} className="flex min-w-0 flex-wrap items-baseline gap-x-2 text-xl font-semibold tracking-tight focus:outline-none">
              <bdi className="min-w-0">{escapeName(version.name)}</bdi> <span className="font-mono text-base font-normal text-muted">{number}</span>
            </h2>
            <p className="text-sm text-muted">
              {t.rich("made", { name: version.createdByName ?? t("someone"), time: () => <Time at={version.createdAt} /> })}
            </p>
          </div>
          <div className="flex flex-wrap gap-2">
            {version.status === "READY" ? <DownloadMenu url={`/data/${workspace.slug}/${project.slug}/${version.number}`} name={escapeName(version.name)} /> : null}
            {may.updateVersions ? <EditDataset version={nameOf(data, version)} failed={version.status === "FAILED"} /> : null}
          </div>
        </div>
      </header>
      <Content data={data} version={version} headingId={headingId} />
    </article>
  );
}

const nameOf = ({ workspace, project }: VersionsPage, { number, name }: ChosenVersion) => ({ workspaceSlug: workspace.slug, projectSlug: project.slug, projectId: project.id, number, name });

async function Content({ data, version, headingId }: Props) {
  const { workspace, project, may } = data;
  const [t, common] = [await getTranslations("versions"), await getTranslations("common")];
  if (version.status === "FAILED") {
    return (
      <>
        <Failed version={nameOf(data, version)} reason={version.failureReason} detail={version.failureDetail} mayRetry={may.createVersions} mayDelete={may.updateVersions} headingId={headingId} />
        <SettingLines version={version} />
      </>
    );
  }
  const url = `/data/${workspace.slug}/${project.slug}/${version.number}`;
  const ready = version.status === "READY";
  return (
    <>
      {ready ? (
        <Section id="images-in-all" title={t("imagesInAll")} count={version.images}>
          <StackedBar segments={(["train", "valid", "test"] as const).map((split) => ({ label: common(`splits.${split}`), value: version.splits[split], tone: split }))} />
        </Section>
      ) : (
        <Section id="images-in-all" title={t("generating", { progress: version.progress })}>
          <Generating version={nameOf(data, version)} progress={version.progress} images={version.plannedImages} mayCancel={may.createVersions} headingId={headingId} />
        </Section>
      )}
      <SettingLines version={version} />
      {ready ? (
        <>
          <Section id="class-balance" title={t("classBalance")} count={Object.keys(version.classes).length}>
            <ClassBalance classes={version.classes} total={project.type === "CLASSIFICATION" ? version.images : null} />
          </Section>
          <Section id="images" title={t("images")}>
            <ImageGrid key={url} url={url} projectUrl={`/data/${workspace.slug}/${project.slug}`} name={version.name} classes={Object.keys(version.classes).sort(new Intl.Collator("en", { numeric: true }).compare)} />
          </Section>
        </>
      ) : null}
      <Section id="trainings" title={t("trainings.title")} count={version.trainings.length}>
        <TrainingsTable trainings={version.trainings} version={{ workspaceSlug: workspace.slug, projectSlug: project.slug, number: version.number }} mayDelete={may.updateVersions} />
      </Section>
      <Section id="models" title={t("models.title")} count={version.trainings.filter(({ modelSlug }) => modelSlug !== null).length}>
        <ModelsList workspaceSlug={workspace.slug} trainings={version.trainings} />
      </Section>
    </>
  );
}

/** A part of the version, with its heading. */
export function Section({ id, title, count, children }: { id: string; title: string; count?: number; children: ReactNode }) {
  return (
    <section aria-labelledby={id} className="grid gap-3">
      <h3 id={id} tabIndex={-1} className="flex items-baseline gap-2 font-semibold focus:outline-none">
        {title}
        {count === undefined ? null : (
          <span className="text-sm font-normal text-muted">
            <Count value={count} />
          </span>
        )}
      </h3>
      {children}
    </section>
  );
}
