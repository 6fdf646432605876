import type { z } from "zod";
import type { LeftOutFile, NewVersion, VersionImport, VersionOrigin, VersionView } from "@/lib/domain/versions";
import type { TrainingView } from "@/lib/domain/trainings";
import type { VersionWithProject } from "@/lib/domain/projects";
import { presentExports } from "@/lib/doors/exports/presenters";
import { presentProject, versionFields, workspaceSummary } from "@/lib/doors/projects/presenters";
import { apiUrl } from "@/lib/doors/public-url";
import { statusOf } from "@/lib/doors/tasks/presenters";
import { waitingFor } from "@/lib/doors/trainings/presenters";
import { explainLeftOut } from "@/lib/work/versions/left-out";
import type * as schemas from "./schemas";

/** A loop of the client's `version.train()` ends at `results` or at "failed", and nowhere else. */
function presentTrain(training: TrainingView): z.input<typeof schemas.trainState> {
  const { status, statusReason, metrics } = training;
  switch (status) {
    case "QUEUED":
      return { status: "queued", ...waitingFor(training) };
    case "RUNNING":
      return { status: "running" };
    case "FINISHED":
    case "STOPPED":
      return { status: "finished", results: metrics };
    case "FAILED":
    case "CANCELLED":
      return { status: "failed", reason: statusReason ?? status.toLowerCase() };
  }
}

/** The epochs in the words that the client prints while a run goes on: our accuracy is what it calls mAP. */
const presentEpochs = ({ curve }: TrainingView) => ({
  epochs: curve.map(({ epoch, loss, accuracy, validAccuracy }) => ({
    epoch,
    mAP: validAccuracy ?? accuracy,
    box_loss: 0,
    class_loss: loss,
    obj_loss: 0,
  })),
});

const modelSlugs = (version: VersionView): string[] =>
  version.trainings.flatMap((training) => training.modelSlug ?? []);

export function presentVersionWithProject({
  workspace,
  project,
  version,
}: VersionWithProject): z.input<typeof schemas.versionAnswer> {
  const presented = presentProject(project);
  const newest = version.trainings.at(-1);
  return {
    workspace: workspaceSummary(workspace),
    project: presented,
    version: {
      ...versionFields(presented.id, version),
      exports: presentExports(project.type, version),
      generating: version.status === "GENERATING",
      progress: version.progress,
      ...(version.origin ? { imported: presentOrigin(version.origin) } : {}),
      ...(newest ? { train: presentTrain(newest) } : {}),
      models: {
        ...(newest?.status === "RUNNING" && newest.curve.length > 0 ? { "roboflow-train": presentEpochs(newest) } : {}),
        ...Object.fromEntries(modelSlugs(version).map((slug) => [slug, { url: `${workspace.slug}/${slug}` }])),
      },
      classes: Object.keys(version.classes).sort(),
    },
  };
}

export function presentGenerating({ number }: NewVersion): z.input<typeof schemas.generateAnswer> {
  return { message: "Generating", version: number };
}

const presentLeftOut = (left: { count: number; files: readonly LeftOutFile[] } | null) => ({
  count: left?.count ?? 0,
  files: (left?.files ?? []).map((one) => ({ file: one.file, error: explainLeftOut(one) })),
});

const presentOrigin = ({ file, format, importedAt, workspace, project, number, left }: VersionOrigin) => ({
  file,
  format,
  at: importedAt,
  ...(workspace === null ? {} : { workspace }),
  ...(project === null ? {} : { project }),
  ...(number === null ? {} : { version: number }),
  leftOut: presentLeftOut(left),
});

export function presentImport(one: VersionImport): z.input<typeof schemas.importAnswer> {
  const { taskId, fileName, done, total, version, origin, problem } = one;
  return {
    taskId,
    file: fileName,
    status: statusOf(one),
    progress: { current: done, ...(total === null ? {} : { total }) },
    ...(version === null ? {} : { version: version.number }),
    ...(origin === null ? {} : { leftOut: presentLeftOut(origin.left) }),
    ...(problem === null ? {} : { error: problem.message }),
  };
}

export const presentImportBegun = (
  { workspace, project }: { workspace: string; project: string },
  taskId: string,
): z.input<typeof schemas.importBegun> => ({ taskId, url: `${apiUrl()}/${workspace}/${project}/import/${taskId}` });
