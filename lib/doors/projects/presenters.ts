import { createHash } from "node:crypto";
import type { z } from "zod";
import type { VersionSummary, VersionView } from "@/lib/domain/versions";
import type { ProjectWithVersions, ProjectView } from "@/lib/domain/projects";
import { countsByName } from "@/lib/domain/splits";
import { presentReadyExports } from "@/lib/doors/exports/presenters";
import { toEpochSeconds } from "@/lib/doors/fields";
import type * as schemas from "./schemas";

export const PROJECT_TYPES = {
  OBJECT_DETECTION: "object-detection",
  CLASSIFICATION: "classification",
  INSTANCE_SEGMENTATION: "instance-segmentation",
  SEMANTIC_SEGMENTATION: "semantic-segmentation",
  KEYPOINT_DETECTION: "keypoint-detection",
  TEXT_IMAGE_PAIRS: "text-image-pairs",
} as const satisfies Record<ProjectView["type"], string>;

/** A class's colour: always the same for the same name, full enough to be told from its neighbours. */
export function colorOf(className: string): string {
  const hue = createHash("sha256").update(className).digest().readUInt16BE(0) % 360;
  const channel = (offset: number): string => {
    const k = (offset + hue / 30) % 12;
    const value = 0.5 - 0.4 * Math.max(-1, Math.min(k - 3, 9 - k, 1));
    return Math.round(value * 255)
      .toString(16)
      .padStart(2, "0");
  };
  return `#${channel(0)}${channel(8)}${channel(4)}`;
}

/** A record of settings, whatever the column holds: the client breaks on null. */
function settingsOf(value: VersionView["preprocessing"]): Record<string, unknown> {
  return value !== null && typeof value === "object" && !Array.isArray(value) ? value : {};
}

export function presentProject(project: ProjectView): z.input<typeof schemas.projectAnswer>["project"] {
  return {
    id: `${project.workspaceSlug}/${project.slug}`,
    type: PROJECT_TYPES[project.type],
    name: project.name,
    created: toEpochSeconds(project.createdAt),
    updated: toEpochSeconds(project.updatedAt),
    images: project.images,
    unannotated: project.unlabelledImages,
    annotation: project.annotation,
    versions: project.versions,
    public: false,
    splits: countsByName(project.splits),
    colors: Object.fromEntries(Object.keys(project.classes).map((name) => [name, colorOf(name)])),
    classes: project.classes,
  };
}

export const versionFields = (projectId: string, version: VersionSummary) => ({
  id: `${projectId}/${version.number}`,
  name: version.name,
  created: toEpochSeconds(version.createdAt),
  images: version.images,
  splits: version.splits,
  preprocessing: settingsOf(version.preprocessing),
  augmentation: settingsOf(version.augmentation),
  rebalanced: version.splitPercents,
  seed: version.seed,
});

export const workspaceSummary = ({ name, slug, members }: ProjectWithVersions["workspace"]) => ({
  name,
  url: slug,
  members,
});

export function presentProjectWithVersions({
  workspace,
  project,
  versions,
}: ProjectWithVersions): z.input<typeof schemas.projectAnswer> {
  const presented = presentProject(project);
  return {
    workspace: workspaceSummary(workspace),
    project: presented,
    versions: versions.map((version) => {
      const model = version.defaultModelSlug;
      return {
        ...versionFields(presented.id, version),
        exports: presentReadyExports(project.type, version),
        ...(model === null
          ? {}
          : { model: { id: `${project.slug}/${version.number}`, url: `${workspace.slug}/${model}` } }),
      };
    }),
  };
}
