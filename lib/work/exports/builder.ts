import { Readable } from "node:stream";
import type { Context } from "@/lib/domain/context";
import {
  claimExport,
  completeExport,
  EXPORT_LEASE_MS,
  type ExportBuild,
  exportPath,
  failExport,
  heartbeatExport,
  nameOfFormat,
  releaseExport,
} from "@/lib/domain/exports";
import { GrantLost, openWriter } from "@/lib/domain/writer";
import { planExport } from "@/lib/engine/export/layout";
import type { Manifest, ManifestFile } from "@/lib/engine/manifest";
import { zipStream, type ZipEntry } from "@/lib/engine/zip";
import { BlobNotFoundError } from "@/lib/platform/blob-store";
import { log } from "@/lib/platform/log";
import { tidyUp } from "@/lib/work/sweep";
import { FilesDamaged, readManifest, readVersionFile } from "@/lib/work/versions/manifest";

/*
 * The worker that makes downloads: reads a version's files, writes one zip, as a stream from store to store.
 */

/** Files read ahead of the zip, so that a store far away is asked for some while one is written. */
const READ_AHEAD = 4;

export interface BuildCounts {
  built: number;
  /** Given up, or to be tried again. */
  failed: number;
}

/**
 * Makes every download that is to be made, one after the other, until there is none or `signal` aborts: that ends the one
 * in hand as well, and leaves it to be begun anew. The same version gives the same bytes, whoever makes the zip.
 */
export async function buildExports(ctx: Context, signal: AbortSignal): Promise<BuildCounts> {
  const counts: BuildCounts = { built: 0, failed: 0 };
  while (!signal.aborted) {
    const build = await claimExport(ctx);
    if (!build) break;
    const outcome = await buildExport(ctx, build, signal);
    if (outcome !== "stopped") counts[outcome] += 1;
  }
  return counts;
}

async function buildExport(
  ctx: Context,
  build: ExportBuild,
  signal: AbortSignal,
): Promise<"built" | "failed" | "stopped"> {
  const { lease, grant, format } = build;
  let progress = 0;
  try {
    const writer = await openWriter(grant, {
      leaseMs: EXPORT_LEASE_MS,
      renew: () => heartbeatExport(ctx, lease, progress),
    });
    const { manifest } = await readManifest(lease.versionId, build.manifestHash);
    const zip = zipStream(
      listEntries(build, manifest, (files) => (progress = files / manifest.files.length)),
      signal,
    );
    const { sizeBytes } = await writer.put(exportPath(lease.exportId, lease.leaseId, format), zip);
    const outcome = await completeExport(ctx, lease, sizeBytes);
    if (outcome === "ready") return "built";
    if (outcome === "stopped") await releaseExport(ctx, lease);
    return "stopped";
  } catch (error) {
    if (error instanceof GrantLost || signal.aborted) {
      await releaseExport(ctx, lease);
      return "stopped";
    }
    // missing, or not what was generated: no try will make it right
    const damaged = error instanceof FilesDamaged || error instanceof BlobNotFoundError;
    const over = await failExport(
      ctx,
      lease,
      damaged ? { reason: "files_damaged", again: false } : { reason: "failed", again: true },
    );
    log().error({ err: error, exportId: lease.exportId, attempt: build.attempt, over }, "a download could not be made");
    return "failed";
  } finally {
    await tidyUp(grant);
  }
}

/** The zip's entries. Says after each file how many the zip has got. */
async function* listEntries(
  build: ExportBuild,
  manifest: Manifest,
  onFile: (files: number) => void,
): AsyncGenerator<ZipEntry> {
  const expected = new Map(manifest.files.map((file) => [file.path, file]));
  const entries = planExport(nameOfFormat(build.format), manifest, {
    workspace: build.workspaceSlug,
    project: build.projectSlug,
    projectName: build.projectName,
    annotation: build.annotation,
    version: build.versionNumber,
    createdAt: build.versionCreatedAt,
  });
  let files = 0;
  const ahead: ZipEntry[] = [];
  for (;;) {
    for (let next = entries.next(); !next.done; next = entries.next()) {
      const entry = next.value;
      ahead.push(
        "file" in entry
          ? readAhead(entry.path, build.lease.versionId, expected.get(entry.file)!)
          : { path: entry.path, open: async () => Readable.from(entry.text), deflate: true },
      );
      if (ahead.length > READ_AHEAD) break;
    }
    const entry = ahead.shift();
    if (!entry) return;
    yield entry;
    if (!entry.deflate) onFile((files += 1));
  }
}

/** Begins to read a file, and holds it until the zip wants it. */
function readAhead(path: string, versionId: string, file: ManifestFile): ZipEntry {
  const reading = readVersionFile(versionId, file);
  reading.catch(() => {}); // whoever opens it is told
  return { path, open: () => reading, sizeBytes: file.sizeBytes };
}
