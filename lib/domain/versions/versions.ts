import { prisma } from "@/lib/platform/db";
import type { ExportFormat, VersionStatus } from "@/lib/platform/generated/enums";
import type { Prisma } from "@/lib/platform/generated/client";
import type { Context } from "@/lib/domain/context";
import { DomainError } from "@/lib/domain/errors";
import { getLiveVersion, getVersionState, type VersionRef } from "@/lib/domain/item-state";
import { authorize } from "@/lib/domain/permissions";
import type { SplitName } from "@/lib/domain/splits";
import { readOrigin, type VersionOrigin } from "./imports";
import { readSplits, type SplitShares, type StoredSplits } from "./generation";
import { TRAINING_COLUMNS, type TrainingView, viewTraining } from "@/lib/domain/trainings";

/** A live version: an immutable snapshot of its project, or one being made. */
export interface VersionSummary {
  id: string;
  number: number;
  name: string;
  status: VersionStatus;
  /** 0 to 1; 1 when ready. */
  progress: number;
  /** Generated images, 0 until it is ready. */
  images: number;
  splits: Record<SplitName, number>;
  preprocessing: Prisma.JsonValue;
  augmentation: Prisma.JsonValue;
  /** What chance is drawn from, 0 to 2147483647. */
  seed: number;
  /** In what shares its images were dealt; null: each stayed in the split that it had. */
  splitPercents: SplitShares | null;
  /** Generated images per class. */
  classes: Record<string, number>;
  /** Formats in which it can be had at once. */
  exports: ExportFormat[];
  createdAt: Date;
  /** What `project/n` serves; null when there is none, or it is in Trash or purged. */
  defaultModelSlug: string | null;
}

export interface VersionView extends VersionSummary {
  /** null: it was generated here. */
  origin: VersionOrigin | null;
  /** Those not in Trash, oldest first. */
  trainings: TrainingView[];
}

const SUMMARY_COLUMNS = {
  id: true,
  number: true,
  name: true,
  status: true,
  progress: true,
  trainImages: true,
  validImages: true,
  testImages: true,
  preprocessing: true,
  augmentation: true,
  seed: true,
  splitPercents: true,
  classes: true,
  exports: { where: { status: "READY" }, select: { format: true }, orderBy: { format: "asc" } },
  createdAt: true,
  defaultModelId: true,
  trainings: { where: { deletedAt: null }, select: { models: { select: { id: true, slug: true } } } },
} satisfies Prisma.VersionSelect;

/** What viewVersion is made of. */
export const VERSION_COLUMNS = {
  ...SUMMARY_COLUMNS,
  origin: true,
  trainings: {
    where: { deletedAt: null },
    orderBy: { number: "asc" },
    select: TRAINING_COLUMNS,
  },
} satisfies Prisma.VersionSelect;

function summarize(row: Prisma.VersionGetPayload<{ select: typeof SUMMARY_COLUMNS }>): VersionSummary {
  const {
    trainImages,
    validImages,
    testImages,
    trainings,
    classes,
    exports,
    defaultModelId,
    splitPercents,
    ...version
  } = row;
  return {
    ...version,
    images: trainImages + validImages + testImages,
    splits: { train: trainImages, valid: validImages, test: testImages },
    splitPercents: readSplits(splitPercents as StoredSplits), // written by createVersion alone
    classes: classes as Record<string, number>, // written by completeGeneration alone
    exports: exports.map(({ format }) => format),
    defaultModelSlug: trainings.flatMap(({ models }) => models).find(({ id }) => id === defaultModelId)?.slug ?? null,
  };
}

/** A version's row as pages and the API know it. */
export function viewVersion({
  trainings,
  origin,
  ...row
}: Prisma.VersionGetPayload<{ select: typeof VERSION_COLUMNS }>): VersionView {
  return {
    ...summarize({ ...row, trainings }),
    origin: readOrigin(origin),
    trainings: trainings.map(viewTraining),
  };
}

/** The live versions of a project, newest first. For projects.ts, which has authorized. */
export async function listVersionsOf(projectId: string): Promise<VersionSummary[]> {
  const rows = await prisma().version.findMany({
    where: { projectId, deletedAt: null, status: { not: "FAILED" } },
    select: SUMMARY_COLUMNS,
    orderBy: { number: "desc" },
  });
  return rows.map(summarize);
}

/** A live version. Throws `not_found`, `in_trash`, `project_in_trash`, `purged`, `generation_failed`. */
export async function getVersion(ctx: Context, ref: VersionRef): Promise<VersionView> {
  const { workspaceId } = authorize(ctx, "read versions", ref.workspaceSlug);
  const { id } = await getLiveVersion(workspaceId, ref);
  const row = await prisma().version.findFirst({ where: { id, deletedAt: null }, select: VERSION_COLUMNS });
  return row ? viewVersion(row) : getVersion(ctx, ref); // went to Trash between the two reads: say so
}

/** Where a ready version's files are described, live or in Trash. Throws `not_found`, `purged`, `not_ready`. */
export async function getVersionFiles(
  ctx: Context,
  ref: VersionRef,
): Promise<{ versionId: string; manifestHash: string }> {
  const { workspaceId } = authorize(ctx, "read versions", ref.workspaceSlug);
  const { id } = await getVersionState(workspaceId, ref, { inTrashedProject: true });
  const row = await prisma().version.findUnique({ where: { id }, select: { manifestHash: true } });
  if (!row?.manifestHash)
    throw new DomainError("not_ready", `Version ${ref.number} has no files: it was never completely generated.`);
  return { versionId: id, manifestHash: row.manifestHash };
}
