import type { Context } from "@/lib/domain/context";
import {
  type ExportView,
  findFormat,
  type FormatName,
  listExports,
  nameOfFormat,
  requestExport,
} from "@/lib/domain/exports";
import type { VersionRef } from "@/lib/domain/item-state";
import { DomainError } from "@/lib/domain/errors";

/** A format of download as pages see it; its name is the one in paths. */
export interface ExportState extends Omit<ExportView, "format"> {
  format: FormatName;
}

/** A format as a browser names it in a path. Throws `not_found`. */
export function toFormat(name: string): ExportView["format"] {
  const format = findFormat(name);
  if (format === null) throw new DomainError("not_found", "There is nothing at this address.");
  return format;
}

const present = ({ format, status, progress, sizeBytes, failureReason }: ExportView): ExportState => ({
  format: nameOfFormat(format),
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
