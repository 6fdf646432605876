import { Uint8ArrayReader, Uint8ArrayWriter, ZipReader } from "@zip.js/zip.js";
import { systemContext, type Context } from "@/lib/domain/context";
import { exportPath, requestExport } from "@/lib/domain/exports";
import { versionPrefix } from "@/lib/domain/grants";
import { sha256Of } from "@/lib/engine/manifest";
import { zipStream, type ZipEntry } from "@/lib/engine/zip";
import { blobStore } from "@/lib/platform/blob-store";
import { prisma } from "@/lib/platform/db";
import type { ExportFormat } from "@/lib/platform/generated/enums";
import { buildExports } from "@/lib/work/exports/builder";
import { UNBOUNDED } from "./lifecycle";

/* Zips as people have them. */

export async function zipOf(files: Record<string, Buffer | string>): Promise<Buffer> {
  const entries: ZipEntry[] = Object.entries(files).map(([path, bytes]) => ({ path, open: async () => bytes }));
  const chunks: Buffer[] = [];
  for await (const chunk of zipStream(entries)) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** What a zip holds, by path. */
export async function readZip(zip: Buffer): Promise<Map<string, Buffer>> {
  const contents = new Map<string, Buffer>();
  for (const entry of await new ZipReader(new Uint8ArrayReader(zip)).getEntries())
    if (!entry.directory) contents.set(entry.filename, Buffer.from(await entry.getData(new Uint8ArrayWriter())));
  return contents;
}

/** The hashes of a zip's images, by path. */
export async function imagesIn(zip: Buffer): Promise<Record<string, string>> {
  const images = [...(await readZip(zip))].filter(([path]) => /\.(jpe?g|png|webp)$/i.test(path));
  return Object.fromEntries(images.map(([path, bytes]) => [path, sha256Of(bytes)]));
}

/** A version as `version.download()` would get it. */
export async function downloadZip(
  owner: Context,
  ref: { workspaceSlug: string; projectSlug: string; number: number },
  format: ExportFormat,
): Promise<Buffer> {
  await requestExport(owner, { ...ref, format });
  await buildExports(await systemContext("downloads"), UNBOUNDED);
  const made = await prisma().export.findFirstOrThrow({
    where: { format, version: { number: ref.number, project: { slug: ref.projectSlug } } },
  });
  return blobStore().get(`${versionPrefix(made.versionId)}${exportPath(made.id, made.attemptId, format)}`);
}
