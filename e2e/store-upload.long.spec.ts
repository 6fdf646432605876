import { readdirSync } from "node:fs";
import { prisma } from "@/lib/platform/db";
import { buildProject } from "@/lib/testing/builders";
import { startS3 } from "@/lib/testing/s3";
import { expect, test as base } from "./fixtures";
import { end, freeOrigin, startWeb } from "./processes";
import { draw, filesOf, folderOf, makeFolder, makeZip, panelOf, png } from "./upload-steps";

/*
 * Where hosts cap request bodies, browsers put images into the object store (UPLOADS=store). A second web process of the
 * same build, on the same database, with a store of its own that its pages may put files into.
 */

interface Store {
  /** Of the web process. */
  origin: string;
  storeOrigin: string;
  /** The keys of what lies in the store. */
  keys: () => string[];
}

const test = base.extend<{ store: Store }>({
  store: async ({ server }, provide, info) => {
    const origin = await freeOrigin();
    const folder = info.outputPath("store");
    const s3 = await startS3(folder, { corsOrigin: origin });
    const blobStore = s3.url("bucket/prefix");
    const web = await startWeb(server, origin, {
      UPLOADS: "store",
      BLOB_STORE: blobStore,
      AWS_ACCESS_KEY_ID: "S3RVER",
      AWS_SECRET_ACCESS_KEY: "S3RVER",
    });
    try {
      await provide({
        origin,
        storeOrigin: new URL(new URL(blobStore).searchParams.get("endpoint")!).origin,
        keys: () =>
          readdirSync(folder, { recursive: true, encoding: "utf8" }).flatMap(
            (file) => /^bucket\/prefix\/(.+)\._S3rver_object$/.exec(file)?.[1] ?? [],
          ),
      });
    } finally {
      await end(web);
      await s3.close();
    }
  },
  baseURL: ({ store }, provide) => provide(store.origin),
});

test("images go from the browser into the object store, and only words about them to the server", async ({
  page,
  world,
  signIn,
  store,
  expectedErrors,
}, info) => {
  expectedErrors.push(/status of 422/); // the broken one
  const project = await buildProject(world, { name: "Digits" });
  const [whole, first] = [await draw(9, "jpeg"), await draw(0)];
  const broken = whole.subarray(0, whole.length / 2);
  const inFolder = {
    "train/cats/0.png": first,
    "train/cats/1.png": await draw(1),
    "valid/dogs/2.webp": await draw(2, "webp"),
  };
  const inZip = { "birds/3.png": await draw(3), "birds/4.jpg": await draw(4, "jpeg") };

  const puts: { origin: string; status: number; bytes: number }[] = [];
  const posts: { origin: string; contentType: string | undefined }[] = [];
  page.on("requestfinished", async (request) => {
    const { origin } = new URL(request.url());
    if (request.method() === "PUT")
      puts.push({
        origin,
        status: (await request.response())!.status(),
        bytes: Number((await request.allHeaders())["content-length"]),
      });
    if (request.method() === "POST") posts.push({ origin, contentType: (await request.allHeaders())["content-type"] });
  });
  const upload = async (count: string, outcome: string) => {
    await page.getByRole("button", { name: `Upload ${count}` }).click();
    await expect(page.getByRole("heading", { name: outcome })).toBeVisible();
  };

  await signIn(world.owner);
  await page.goto(`/${world.workspace.slug}/${project.slug}/images`);
  await folderOf(page).setInputFiles(await makeFolder(info.outputPath("digits"), inFolder));
  await upload("3 images", "Uploaded 3 images");
  const tiles = page.getByRole("listbox", { name: "Images of Digits" }).getByRole("option");
  await expect(tiles).toHaveCount(3); // the list has taken the place of the empty state, its inputs too
  await filesOf(page).setInputFiles({ name: "birds.zip", mimeType: "application/zip", buffer: await makeZip(inZip) });
  await upload("2 images", "Uploaded 2 images");
  await filesOf(page).setInputFiles([
    png("again.png", first),
    { name: "broken.jpg", mimeType: "image/jpeg", buffer: broken },
  ]);
  await upload("2 images", "Nothing was added");
  await expect(panelOf(page).getByText("1 was in the project already · 1 failed", { exact: true })).toBeVisible();
  await expect(
    page.getByRole("region", { name: "Files that failed" }).getByRole("listitem").filter({ hasText: "broken.jpg" }),
  ).toContainText(/broken|cut short/);

  await expect(tiles).toHaveCount(5);
  for (const tile of await tiles.all())
    await expect
      .poll(() => tile.locator("img").evaluate((image: HTMLImageElement) => image.complete && image.naturalWidth))
      .toBeGreaterThan(20);
  expect(
    (await prisma().image.findMany({ where: { projectId: project.id }, orderBy: { fileName: "asc" } })).map(
      ({ fileName, split, label }) => `${fileName} ${split} ${label}`,
    ),
  ).toEqual(["0.png TRAIN cats", "1.png TRAIN cats", "2.webp VALID dogs", "3.png TRAIN birds", "4.jpg TRAIN birds"]);

  const sent = [...Object.values(inFolder), ...Object.values(inZip), first, broken].map(({ length }) => length);
  await expect
    .poll(() => puts.toSorted((a, b) => a.bytes - b.bytes))
    .toEqual(sent.toSorted((a, b) => a - b).map((bytes) => ({ origin: store.storeOrigin, status: 200, bytes })));
  expect(posts.filter(({ contentType }) => contentType !== "application/json")).toEqual([]);
  expect(new Set(posts.map(({ origin }) => origin))).toEqual(new Set([store.origin]));
  const keys = store.keys();
  expect(keys.filter((key) => key.startsWith(`projects/${project.id}/`))).toHaveLength(10); // originals and thumbnails
  expect(keys.filter((key) => key.startsWith("uploads/"))).toEqual([]);
});
