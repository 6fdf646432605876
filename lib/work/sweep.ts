import type { Context } from "@/lib/domain/context";
import { listNamedExports } from "@/lib/domain/exports";
import {
  endGrant,
  forgetGrant,
  forgetSwept,
  isAlone,
  recordSwept,
  seizeOverGrants,
  trainingPrefix,
  type EndedGrant,
  type Swept,
} from "@/lib/domain/grants";
import { listImagesWithoutRow } from "@/lib/domain/images";
import { listNamedZips, ZIPS_FOLDER } from "@/lib/domain/tasks";
import { forgetLeftWeights, listLeftWeights, listNamedWeights } from "@/lib/domain/trainings";
import { findNamedFiles, listNamedThumbnails } from "@/lib/domain/versions";
import { FIRST_MANIFEST_PATH, manifestPath } from "@/lib/engine/manifest";
import { blobStore, type WriteGrant } from "@/lib/platform/blob-store";
import { transaction } from "@/lib/platform/db";
import type { Holder } from "@/lib/platform/generated/enums";
import { log } from "@/lib/platform/log";
import { readManifest } from "@/lib/work/versions/manifest";

/*
 * What processes left that no row names: a worker that was killed, an upload whose process died, weights of a run that
 * ended otherwise. Whoever writes has a grant, and gives it up once it has tidied; a grant that is over tells where to
 * look. The order makes it safe beside running work: the grant is ended, so that nothing more is published or named under
 * it; the store is listed; nobody else is at work there; and only then are the names read. What was listed and is not
 * named is nobody's.
 */

/** Files looked up, or removed, at once. */
const BATCH = 500;
/** Grants taken at once. */
const GRANTS = 20;

interface Found {
  key: string;
  sizeBytes: number;
}

/** Of files found below a root, those that no row names. */
type FindUnnamed = (grant: EndedGrant, found: readonly Found[]) => Promise<Found[]>;

/** Where a holder writes, below its grant's root, and what of that is nobody's. null: nothing that a row would name. */
const AREAS: Record<Holder, { folders: readonly string[]; unnamed: FindUnnamed } | null> = {
  GENERATION: { folders: ["images/", "manifests/", "generation/"], unnamed: findUnnamedOfVersion },
  EXPORT: { folders: ["exports/"], unnamed: findUnnamedExports },
  WEIGHTS: { folders: [""], unnamed: findUnnamedWeights },
  UPLOADS: { folders: ["images/", "thumbs/", ZIPS_FOLDER], unnamed: findUnnamedUploads },
  THUMBNAILS: { folders: ["thumbs/"], unnamed: findUnnamedThumbnails },
  STORE_UPLOADS: null, // sweepStoreUploads: each has its own time
};

/**
 * Takes away what a holder's own grant leaves that no row names, and gives the grant up. If that fails, it is left to the
 * sweep: the work itself is done, or failed for a reason of its own.
 */
export async function tidyUp(grant: WriteGrant): Promise<void> {
  try {
    const ended = await endGrant(grant.id);
    if (!ended) return;
    await sweepGrant(ended);
    await forgetGrant(grant.id);
  } catch (error) {
    log().warn({ err: error, root: grant.root }, "what is left of this is left to the sweep");
  }
}

async function sweepGrant(grant: EndedGrant): Promise<Swept> {
  await blobStore().close(grant);
  const swept: Swept = { files: 0, bytes: 0 };
  const area = AREAS[grant.holder];
  if (!area) return swept;
  for (const folder of area.folders) {
    const place = `${grant.root}${folder}`;
    const found: Found[] = [];
    for await (const file of blobStore().list(place)) if (!file.key.includes("/.")) found.push(file); // what others have begun and not published
    if (found.length === 0) continue;
    if (!(await isAlone(grant.id))) return swept; // whoever is still at work sweeps after itself
    const unnamed = await area.unnamed(grant, found);
    await removeFiles(place, unnamed, found);
    swept.files += unnamed.length;
    swept.bytes += unnamed.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  }
  return swept;
}

/** Removes files, and with them the folders below `area` that nothing else is in. */
async function removeFiles(area: string, unnamed: readonly Found[], found: readonly Found[]): Promise<void> {
  const foldersOf = ({ key }: Found): string[] => {
    const parts = key.slice(area.length).split("/").slice(0, -1);
    return parts.map((_, i) => `${area}${parts.slice(0, i + 1).join("/")}/`);
  };
  const gone = new Set(unnamed);
  const kept = new Set(found.filter((file) => !gone.has(file)).flatMap(foldersOf));
  const folders = new Set<string>();
  const keys: string[] = [];
  for (const file of unnamed) {
    const folder = foldersOf(file).find((one) => !kept.has(one));
    if (folder === undefined) keys.push(file.key);
    else folders.add(folder);
  }
  for (let start = 0; start < keys.length; start += BATCH) await blobStore().remove(keys.slice(start, start + BATCH));
  for (const folder of folders) await blobStore().removePrefix(folder);
}

// ── Names ────────────────────────────────────────────────────────────────────────────────────────────────────────────

async function findUnnamedOfVersion({ root, item }: EndedGrant, found: readonly Found[]): Promise<Found[]> {
  const versionId = item.versionId!;
  const named = await findNamedFiles(versionId);
  if (!named) return [];
  const paths = new Set<string>();
  if (named.manifestHash !== null) {
    const { manifest } = await readManifest(versionId, named.manifestHash);
    for (const { path } of manifest.files) paths.add(path);
    paths.add(manifestPath(named.manifestHash)).add(FIRST_MANIFEST_PATH);
  }
  return found.filter(({ key }) => {
    const path = key.slice(root.length);
    return !paths.has(path) && !named.attemptIds.has(path.split("/")[1] ?? "");
  });
}

async function findUnnamedExports({ root, item }: EndedGrant, found: readonly Found[]): Promise<Found[]> {
  const named = await listNamedExports(item.versionId!);
  return found.filter(({ key }) => !named.has(key.slice(root.length)));
}

async function findUnnamedThumbnails({ root, item }: EndedGrant, found: readonly Found[]): Promise<Found[]> {
  const named = await listNamedThumbnails(item.versionId!);
  return found.filter(({ key }) => !named.has(key.slice(root.length)));
}

async function findUnnamedWeights({ root, item }: EndedGrant, found: readonly Found[]): Promise<Found[]> {
  const named = await listNamedWeights(item.trainingId!);
  return found.filter(({ key }) => !named.has(key.slice(root.length).split("/")[0] ?? ""));
}

async function findUnnamedUploads({ root }: EndedGrant, found: readonly Found[]): Promise<Found[]> {
  const idOf = ({ key }: Found) => key.slice(key.lastIndexOf("/") + 1);
  const unnamed: Found[] = [];
  for (let start = 0; start < found.length; start += BATCH) {
    const batch = found.slice(start, start + BATCH);
    const [zips, images] = partition(batch, ({ key }) => key.startsWith(`${root}${ZIPS_FOLDER}`));
    const [named, without] = await Promise.all([listNamedZips(zips.map(idOf)), listImagesWithoutRow(images.map(idOf))]);
    unnamed.push(...zips.filter((file) => !named.has(idOf(file))), ...images.filter((file) => without.has(idOf(file))));
  }
  return unnamed;
}

function partition<Item>(items: readonly Item[], holds: (item: Item) => boolean): [Item[], Item[]] {
  return [items.filter(holds), items.filter((item) => !holds(item))];
}

// ── The sweep ────────────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * Takes away what lost processes left, until nothing is left of it or `signal` aborts. Many may do so at once. What was
 * swept stands in the audit log of its workspace. Answers how much it was.
 */
export async function sweepFiles(ctx: Context, signal: AbortSignal): Promise<Swept & { failed: number }> {
  const total = { files: 0, bytes: 0, failed: 0 };
  const add = ({ files, bytes }: Swept) => {
    total.files += files;
    total.bytes += bytes;
  };
  while (!signal.aborted) {
    const grants = await seizeOverGrants(ctx, { limit: GRANTS, lateMs: blobStore().lateWritesMs });
    if (grants.length === 0) break;
    for (const grant of grants) {
      if (signal.aborted) break;
      try {
        const swept = await sweepGrant(grant);
        await forgetSwept(ctx, grant, swept);
        add(swept);
      } catch (error) {
        total.failed += 1; // its turn comes again
        log().warn(
          { err: error, root: grant.root, holder: grant.holder },
          "what a lost process left could not be swept",
        );
      }
    }
  }
  if (!signal.aborted) add(await sweepLeftWeights(ctx, {}));
  return total;
}

/** Takes away the weights of runs that ended without a model, or of one such run. */
export async function sweepLeftWeights(ctx: Context | null, only: { trainingId?: string }): Promise<Swept> {
  const swept: Swept = { files: 0, bytes: 0 };
  for (const left of await listLeftWeights({ ...only, limit: BATCH })) {
    const { versionId, trainingId } = left.item;
    await blobStore().removePrefix(`${trainingPrefix(versionId, trainingId)}${left.weightsId}/`);
    const one = { files: 1, bytes: left.sizeBytes };
    const forgotten = await transaction(async (tx) => {
      if (!(await forgetLeftWeights(tx, left))) return false;
      if (ctx) await recordSwept(tx, ctx, left.item, one);
      return true;
    });
    if (!forgotten) continue;
    swept.files += one.files;
    swept.bytes += one.bytes;
  }
  return swept;
}
