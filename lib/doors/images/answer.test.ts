import { beforeAll, expect, test } from "vitest";
import { buildProject, buildWorld, userContext, type World } from "@/lib/testing/builders";
import { solid } from "@/lib/testing/pixels";
import { storeVersion } from "@/lib/testing/stored-version";
import { listVersionImages, openVersionImage } from "@/lib/work/versions/images";
import { answerImage } from "./answer";

let world: World;
let project: { id: string; slug: string };
let version: { id: string; number: number };
const ref = () => ({ workspaceSlug: world.workspace.slug, projectSlug: project.slug, number: version.number });

beforeAll(async () => {
  world = await buildWorld();
  project = await buildProject(world);
  version = await storeVersion(world, project, [{ bytes: await solid(64, 48).png().toBuffer() }]);
});

test("an answer is asked about every time, and its bytes go out only once", async () => {
  const ctx = await userContext(world);
  const [first] = (await listVersionImages(ctx, ref(), { offset: 0, limit: 1 })).images;
  const image = await openVersionImage(ctx, ref(), first!.path);
  const fresh = await answerImage(new Request("http://x/"), image);
  expect([fresh.status, fresh.headers.get("cache-control"), fresh.headers.get("content-type")]).toEqual([
    200,
    "private, no-cache",
    "image/png",
  ]);
  expect((await fresh.arrayBuffer()).byteLength).toBe(image.sizeBytes);
  const again = await answerImage(
    new Request("http://x/", { headers: { "If-None-Match": `"other", W/${fresh.headers.get("etag")}` } }),
    image,
  );
  expect([again.status, await again.text()]).toEqual([304, ""]);
});
