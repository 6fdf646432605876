import { ArrowLeft } from "lucide-react";
import { getTranslations } from "next-intl/server";
import Link from "next/link";
import type { ReactNode } from "react";
import { escapeName } from "@/app/_ui/exact-name";
import { Count } from "@/app/_ui/number";
import { StackedBar } from "@/app/_ui/stacked-bar";
import { Time } from "@/app/_ui/time";
import { SPLIT_NAMES } from "@/lib/domain/splits";
import { EMBEDDED_MODEL_TYPE, EPOCHS_DEFAULT, EPOCHS_MAX } from "@/lib/domain/trainings";
import type { ChosenVersion, VersionsPage } from "@/lib/domain/versions";
import { apiUrl } from "@/lib/doors/public-url";
import { HandIn } from "../_models/hand-in";
import { ModelsList } from "../_models/models-list";
import { Train } from "../_trainings/train";
import { Trainings } from "../_trainings/trainings";
import { TryIt } from "../_try/try-it";
import { ClassBalance } from "./class-balance";
import { DownloadMenu } from "./download-menu";
import { EditDataset } from "./edit-dataset";
import { Failed } from "./failed";
import { Generating } from "./generating";
import { ImageGrid } from "./image-grid";
import { Origin } from "./origin";
import { SettingLines } from "./setting-lines";

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
        <Link
          href={`/${workspace.slug}/${project.slug}`}
          prefetch={false}
          className="flex w-fit items-center gap-1.5 rounded-sm text-sm text-muted hover:text-ink lg:hidden"
        >
          <ArrowLeft aria-hidden className="size-4" />
          {t("allVersions")}
        </Link>
        <div className="flex flex-wrap items-start justify-between gap-x-4 gap-y-3">
          <div className="grid min-w-0 gap-0.5">
            <h2
              id={headingId}
              tabIndex={-1}
              className="flex min-w-0 flex-wrap items-baseline gap-x-2 text-xl font-semibold tracking-tight focus:outline-none"
            >
              <bdi className="min-w-0">{escapeName(version.name)}</bdi>{" "}
              <span className="font-mono text-base font-normal text-muted">{number}</span>
            </h2>
            <p className="text-sm text-muted">
              {t.rich(version.origin ? "madeElsewhere" : "made", {
                name: version.createdByName ?? t("someone"),
                time: () => <Time at={version.createdAt} />,
              })}
            </p>
          </div>
          <div className="flex flex-wrap gap-2">
            {version.status === "READY" ? (
              <DownloadMenu
                url={`/data/${workspace.slug}/${project.slug}/${version.number}`}
                name={escapeName(version.name)}
              />
            ) : null}
            {version.status === "READY" ? <TrainButton data={data} version={version} /> : null}
            {may.updateVersions ? (
              <EditDataset version={nameOf(data, version)} failed={version.status === "FAILED"} />
            ) : null}
          </div>
        </div>
      </header>
      <Content data={data} version={version} headingId={headingId} />
    </article>
  );
}

/** At the head, and again where the trainings are, a long way below. */
function TrainButton({ data: { workspace, project, may }, version }: { data: VersionsPage; version: ChosenVersion }) {
  if (!may.runTrainings) return null;
  const { number, name, untrainable, status } = version;
  return (
    <Train
      version={{ workspaceSlug: workspace.slug, projectSlug: project.slug, number, name, untrainable }}
      ready={status === "READY"}
      defaults={{ modelType: EMBEDDED_MODEL_TYPE, epochs: EPOCHS_DEFAULT, epochsMax: EPOCHS_MAX }}
    />
  );
}

const nameOf = ({ workspace, project }: VersionsPage, { number, name }: ChosenVersion) => ({
  workspaceSlug: workspace.slug,
  projectSlug: project.slug,
  projectId: project.id,
  number,
  name,
});

async function Content({ data, version, headingId }: Props) {
  const { workspace, project, may } = data;
  const [t, common, models, tryIt] = [
    await getTranslations("versions"),
    await getTranslations("common"),
    await getTranslations("models"),
    await getTranslations("tryIt"),
  ];
  if (version.status === "FAILED") {
    return (
      <>
        <Failed
          version={nameOf(data, version)}
          reason={version.failureReason}
          detail={version.failureDetail}
          imported={version.origin !== null}
          mayRetry={may.createVersions}
          mayDelete={may.updateVersions}
          headingId={headingId}
        />
        {version.origin ? <Origin origin={version.origin} /> : <SettingLines version={version} />}
      </>
    );
  }
  const url = `/data/${workspace.slug}/${project.slug}/${version.number}`;
  const ready = version.status === "READY";
  const servable = version.models.filter((model) => model.servable);
  return (
    <>
      {ready ? (
        <Section id="images-in-all" title={t("imagesInAll")} count={version.images}>
          <StackedBar
            segments={SPLIT_NAMES.map((split) => ({
              label: common(`splits.${split}`),
              value: version.splits[split],
              tone: split,
            }))}
          />
        </Section>
      ) : (
        <Section
          id="images-in-all"
          title={t(version.origin ? "importingPercent" : "generating", { progress: version.progress })}
        >
          <Generating
            version={nameOf(data, version)}
            progress={version.progress}
            images={version.plannedImages}
            imported={version.origin !== null}
            mayCancel={may.createVersions}
            headingId={headingId}
          />
        </Section>
      )}
      {version.origin ? <Origin origin={version.origin} /> : <SettingLines version={version} />}
      {ready ? (
        <>
          <Section id="class-balance" title={t("classBalance")} count={Object.keys(version.classes).length}>
            <ClassBalance classes={version.classes} total={project.type === "CLASSIFICATION" ? version.images : null} />
          </Section>
          <Section id="images" title={t("images")}>
            <ImageGrid
              key={url}
              url={url}
              projectUrl={`/data/${workspace.slug}/${project.slug}`}
              name={version.name}
              classes={Object.keys(version.classes).sort(new Intl.Collator("en", { numeric: true }).compare)}
            />
          </Section>
        </>
      ) : null}
      <Section
        id="trainings"
        title={t("trainings.title")}
        count={version.trainings.length}
        action={<TrainButton data={data} version={version} />}
      >
        <Trainings
          key={url}
          trainings={version.trainings}
          version={{ workspaceSlug: workspace.slug, projectSlug: project.slug, number: version.number }}
          may={{ train: may.runTrainings, delete: may.updateVersions }}
        />
      </Section>
      <Section id="models" title={models("title")} count={version.models.length}>
        <ModelsList
          workspaceSlug={workspace.slug}
          models={version.models}
          apiUrl={apiUrl()}
          mayChoose={may.updateVersions}
        />
        {ready && may.handInModels ? <HandIn key={url} url={url} /> : null}
      </Section>
      {servable.length > 0 ? (
        <Section id="try-it" title={tryIt("title")}>
          <TryIt
            key={url}
            url={url}
            projectUrl={`/data/${workspace.slug}/${project.slug}`}
            workspaceSlug={workspace.slug}
            models={servable.map(({ slug, isDefault }) => ({ slug, isDefault }))}
          />
        </Section>
      ) : null}
    </>
  );
}

/** A part of the version, with its heading, and at the right what can be done there. */
export function Section({
  id,
  title,
  count,
  action,
  children,
}: {
  id: string;
  title: string;
  count?: number;
  action?: ReactNode;
  children: ReactNode;
}) {
  return (
    <section aria-labelledby={id} className="grid gap-3">
      <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
        <h3 id={id} tabIndex={-1} className="flex items-baseline gap-2 font-semibold focus:outline-none">
          {title}
          {count === undefined ? null : (
            <span className="text-sm font-normal text-muted">
              <Count value={count} />
            </span>
          )}
        </h3>
        {action}
      </div>
      {children}
    </section>
  );
}
