import type { Context } from "@/lib/domain/context";
import { type ExportView, listExports, requestExport } from "@/lib/domain/exports";
import type { VersionRef } from "@/lib/domain/item-state";
import { EXPORT_FORMATS, type ExportFormat } from "@/lib/engine/export/layout";
import { DomainError } from "@/lib/domain/errors";

/** A format of download as pages see it; its name is the one in paths. */
export interface ExportState extends Omit<ExportView, "format"> {
  format: ExportFormat;
}

const FORMAT_NAMES = { FOLDER: "folder", COCO: "coco", YOLOV8: "yolov8", VOC: "voc" } as const satisfies Record<
  ExportView["format"],
  ExportFormat
>;
const FORMATS = { folder: "FOLDER", coco: "COCO", yolov8: "YOLOV8", voc: "VOC" } as const satisfies Record<
  ExportFormat,
  ExportView["format"]
>;

export const formatName = (format: ExportView["format"]): ExportFormat => FORMAT_NAMES[format];
export const formatOf = (name: ExportFormat): ExportView["format"] => FORMATS[name];

/** A format as a browser names it in a path. Throws `not_found`. */
export function toFormat(name: string): ExportView["format"] {
  const known = EXPORT_FORMATS.find((format) => format === name);
  if (known === undefined) throw new DomainError("not_found", "There is nothing at this address.");
  return FORMATS[known];
}

const present = ({ format, status, progress, sizeBytes, failureReason }: ExportView): ExportState => ({
  format: formatName(format),
  status,
  progress,
  sizeBytes,
  failureReason,
});

/** Every format that the version can be downloaded in. Throws as the domain does. */
export async function readExports(ctx: Context, ref: VersionRef): Promise<{ exports: ExportState[] }> {
  return { exports: (await listExports(ctx, ref)).map(present) };
}

/** Asks for a download, or how far it is. Throws as the domain does. */
export async function askForExport(
  ctx: Context,
  ref: VersionRef & { format: ExportView["format"] },
): Promise<ExportState> {
  return present(await requestExport(ctx, ref));
}
