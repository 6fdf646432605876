import { beforeAll, describe, expect, it } from "vitest";
import { systemContext } from "@/lib/domain/context";
import { sourceImageKey } from "@/lib/domain/images";
import type { Box } from "@/lib/engine/boxes";
import { makePng } from "@/lib/engine/generate";
import { zipStream, type ZipEntry } from "@/lib/engine/zip";
import { blobStore } from "@/lib/platform/blob-store";
import { prisma } from "@/lib/platform/db";
import type { ProjectType } from "@/lib/platform/generated/enums";
import { buildApiKey, buildProject, buildWorld, type World } from "@/lib/testing/builders";
import { valuesAt } from "@/lib/testing/pixels";
import { REAL_DATA_SETS } from "@/lib/testing/real-life/data-sets";
import { readRealImage, REAL_IMAGES, REFUSED_IMAGES, type Rgb } from "@/lib/testing/real-life/images";
import { unpackZips } from "@/lib/work/uploads/zips";
import { call, dispatch } from "./_test/call-api";

/* Files that people have, through the doors that people send them through. */

let world: World;
let key: string;
beforeAll(async () => {
  world = await buildWorld();
  key = await buildApiKey(world);
});

interface Told {
  failures: { file: string; error: string }[];
  notes: { file: string; note: string }[];
}

/** As a zip, which a worker unpacks. */
async function send(type: ProjectType, files: Readonly<Record<string, string | { image: string }>>) {
  const project = await buildProject(world, { type });
  const entries: ZipEntry[] = Object.entries(files).map(([path, file]) => ({
    path,
    open: async () => (typeof file === "string" ? file : readRealImage(file.image)),
  }));
  const chunks: Buffer[] = [];
  for await (const chunk of zipStream(entries)) chunks.push(chunk as Buffer);
  const path = `/${world.workspace.slug}/${project.slug}/upload/zip`;
  const { taskId, signedUrl } = (await call("POST", path, { key, json: {} })).body as Record<string, string>;
  await dispatch(new Request(signedUrl!, { method: "PUT", body: new Uint8Array(Buffer.concat(chunks)) }));
  await unpackZips(await systemContext("test"), AbortSignal.timeout(20_000));
  const { body } = await call("GET", `/${world.workspace.slug}/upload/zip/${taskId}`, { key });
  const rows = await prisma().image.findMany({ where: { projectId: project.id } });
  return { project, rows, told: (body as { result: Told }).result };
}

describe("images", () => {
  let album: Awaited<ReturnType<typeof send>>;
  beforeAll(async () => {
    const names = [...Object.keys(REAL_IMAGES), ...Object.keys(REFUSED_IMAGES)];
    album = await send("CLASSIFICATION", Object.fromEntries(names.map((name) => [`val/${name}`, { image: name }])));
  });

  it.each(Object.entries(REAL_IMAGES))("%s is kept byte for byte, and seen as it is", async (name, right) => {
    const row = album.rows.find(({ fileName }) => fileName === name)!;
    expect([row.contentType, row.width, row.height, row.split]).toEqual([right.contentType, ...right.size, "VALID"]);
    const notes = album.told.notes.filter(({ file }) => file === `val/${name}`);
    expect(notes).toEqual(right.notes.map((note) => ({ file: `val/${name}`, note: expect.stringMatching(note) })));
    const bytes = await blobStore().get(sourceImageKey(album.project.id, row.id));
    expect(bytes).toEqual(readRealImage(name));
    if (!right.pixels) return;
    const seen = await makePng(bytes);
    const { left, above, below, tolerance } = right.pixels;
    async function off(x: number, y: number, wanted: Rgb): Promise<number> {
      const values = await valuesAt(seen, x, y);
      return Math.max(...wanted.map((value, at) => Math.abs(value - (values[at] ?? values[0]!))));
    }
    expect(await off(4, 12, left), "left").toBeLessThanOrEqual(tolerance);
    expect(await off(26, 4, above), "above").toBeLessThanOrEqual(tolerance);
    expect(await off(26, 20, below), "below").toBeLessThanOrEqual(tolerance);
  });

  it.each(Object.entries(REFUSED_IMAGES))("%s is refused with what to do", (name, sentence) => {
    expect(album.told.failures.filter(({ file }) => file === `val/${name}`)).toEqual([
      { file: `val/${name}`, error: expect.stringMatching(sentence) },
    ]);
  });

  it("are nothing else", () => {
    expect(album.rows).toHaveLength(Object.keys(REAL_IMAGES).length);
    expect(album.told.failures).toHaveLength(Object.keys(REFUSED_IMAGES).length);
  });
});

describe("data sets", () => {
  it.each(Object.entries(REAL_DATA_SETS))(
    "%s gives splits, classes and boxes, and tells the rest",
    async (_, right) => {
      const { rows, told } = await send("OBJECT_DETECTION", right.files);
      const found = rows.map(({ fileName, split, boxes }) => {
        const edges = (boxes as unknown as Box[]).map(({ label, x, y, width, height }) => [label, x, y, width, height]);
        return [fileName, { split, boxes: edges }] as const;
      });
      expect(Object.fromEntries(found)).toEqual(right.images);
      expect(new Set(told.failures.map(({ file }) => file))).toEqual(new Set(Object.keys(right.failures)));
      for (const { file, error } of told.failures) expect(error, file).toMatch(right.failures[file]!);
      expect(told.notes.map(({ file }) => file).sort()).toEqual(Object.keys(right.notes).sort());
      for (const { file, note } of told.notes) expect(note, file).toMatch(right.notes[file]!);
    },
  );
});
