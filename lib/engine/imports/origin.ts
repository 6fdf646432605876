import { parse } from "yaml";
import { z } from "zod";
import type { AnnotationFile } from "@/lib/engine/annotations/annotations";

/** What a download says of the version that it was. */
export interface DatasetOrigin {
  workspace: string | null;
  project: string | null;
  number: number | null;
  /** The version's name. */
  name: string | null;
  createdAt: Date | null;
}

/** A page of text; what is longer is no note. In UTF-16 units. */
const LIMIT_BYTES = 256 * 1024;
const NUMBER_MAX = 1_000_000;

const slug = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/)
  .nullable()
  .catch(null);
const number = z.coerce.number().int().min(1).max(NUMBER_MAX).nullable().catch(null);
const blockSchema = z.object({ workspace: slug, project: slug, version: number });

/** Whether a file may tell where a dataset comes from. */
export const tellsOrigin = (path: string): boolean =>
  /(?:^|\/)(?:data\.ya?ml|readme\.(?:dataset|roboflow)\.txt)$/i.test(path);

/**
 * Where a dataset comes from, by the files that downloads of the hosted service and our own have for it: `roboflow:` in
 * data.yaml, the titles of README.roboflow.txt ("Hard Hats - v7 name") and README.dataset.txt, and what ours says in it. What none says
 * is null; whatever the texts hold, it never throws.
 */
export function readOrigin(files: readonly AnnotationFile[]): DatasetOrigin {
  const origin: DatasetOrigin = { workspace: null, project: null, number: null, name: null, createdAt: null };
  for (const { name, text } of files) {
    if (text.length > LIMIT_BYTES) continue;
    const found = /\.ya?ml$/i.test(name) ? readBlock(text) : readNote(text);
    for (const [key, value] of Object.entries(found) as [keyof DatasetOrigin, never][])
      if (origin[key] === null && value !== null) origin[key] = value;
  }
  return origin;
}

function readBlock(text: string): Partial<DatasetOrigin> {
  try {
    const value = z.object({ roboflow: blockSchema }).safeParse(parse(text, { maxAliasCount: 0, logLevel: "error" }));
    if (!value.success) return {};
    const { workspace, project, version } = value.data.roboflow;
    return { workspace, project, number: version };
  } catch {
    return {}; // whoever reads the class names tells of it
  }
}

/** Ours in the third line: which version, and when it was made. */
const OURS = /^Version ([1-9][0-9]{0,6}) of ([a-z0-9-]{1,63})\/([a-z0-9-]{1,63}), made at (\S{1,40})\.$/m;
const TITLE = /^(?:.{1,300}) - v([1-9][0-9]{0,6})(?: (.{1,300}))?$/;

function readNote(text: string): Partial<DatasetOrigin> {
  const lines = text.replace(/^\uFEFF/, "").split(/\r?\n/, 20);
  const [, titled, name] = TITLE.exec(lines.find((line) => line.trim() !== "")?.trim() ?? "") ?? [];
  const [, counted, workspace, project, at] = OURS.exec(lines.join("\n")) ?? [];
  const made = new Date(at ?? NaN);
  return {
    workspace: workspace ?? null,
    project: project ?? null,
    number: number.parse(counted ?? titled ?? null),
    name: name?.trim() || null,
    createdAt: Number.isNaN(made.getTime()) ? null : made,
  };
}
