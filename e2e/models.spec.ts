import sharp from "sharp";
import { buildApiKey, buildProject, buildVersion, type World } from "@/lib/testing/builders";
import { linearOnnx, namesOf, yolov8Output } from "@/lib/testing/onnx";
import { storeNoFiles } from "@/lib/testing/stored-version";
import { expect, LONG, PHONE, test } from "./fixtures";

const onnx = linearOnnx({
  outputs: [
    yolov8Output([
      [12, 14, 12, 10, 0.9, 0],
      [24, 20, 6, 8, 0, 0.62],
      [8, 26, 6, 6, 0.2, 0],
    ]),
  ],
  metadata: namesOf("van", "ball"),
});
const file = (name: string, buffer: Buffer) => ({ name, mimeType: "application/octet-stream", buffer });

/** A street with a van and a ball, where the model says that they are. */
const street = () =>
  sharp(
    Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="640" height="640"><rect width="100%" height="100%" fill="#8fb8cf"/>
      <rect y="420" width="640" height="220" fill="#6b6f74"/><rect x="120" y="180" width="240" height="200" rx="16" fill="#3a7d44"/>
      <circle cx="480" cy="400" r="60" fill="#d43b2f"/></svg>`),
  )
    .jpeg()
    .toBuffer();

async function open({ world, signIn }: { world: World; signIn: (user: { id: string }) => Promise<void> }) {
  const project = await buildProject(world, { name: "Street", type: "OBJECT_DETECTION" });
  const version = await buildVersion(world, project, { name: "first scenes" });
  await storeNoFiles(version.id);
  await signIn({ id: world.owner.id });
  return { project, url: `/${world.workspace.slug}/${project.slug}/1` };
}

test("a model that was made elsewhere is dropped on its version, tried, silent in Trash and back with it", async ({
  page,
  world,
  signIn,
  axe,
  expectedErrors,
}) => {
  test.slow(); // processes begin
  expectedErrors.push(/422 \(Unprocessable Entity\)/);
  const { project, url } = await open({ world, signIn });
  await page.goto(url);
  const models = page.getByRole("region", { name: "Models", exact: false });

  await models.getByLabel("Hand in a model").setInputFiles(file("notes.onnx", Buffer.from("no model")));
  await expect(models.getByRole("alert")).toContainText("neither an ONNX file nor a zip");

  await models.getByLabel("Hand in a model").setInputFiles(file("best.onnx", onnx));
  await expect(page.getByText(`${project.slug}-1-1 was handed in and answers now`)).toBeVisible({ timeout: 30_000 });
  await expect(models.getByRole("alert")).toBeHidden();
  await expect(models.getByText("Serving", { exact: true })).toBeVisible();
  await expect(page.getByRole("list", { name: "Trainings" }).getByText("Handed in", { exact: true })).toBeVisible();

  const tryIt = page.getByRole("region", { name: "Try it" });
  await tryIt.locator("input[type=file]").setInputFiles(file("street.jpg", await street()));
  await expect(tryIt.getByRole("status")).toHaveText("2 objects found", { timeout: 30_000 });
  await expect(tryIt.getByRole("list", { name: "The objects found" }).getByRole("listitem")).toHaveText([
    /van.*240 × 200 px.*90%/,
    /ball.*120 × 160 px.*62%/,
  ]);
  await tryIt.getByRole("slider", { name: "Confidence from" }).fill("0.1");
  await expect(tryIt.getByRole("status")).toHaveText("3 objects found");
  await axe();

  const key = await buildApiKey(world);
  const ask = async () => {
    const response = await page.request.post(`/api/infer/${project.slug}/1?api_key=${key}`, {
      multipart: { file: { name: "a.jpg", mimeType: "image/jpeg", buffer: await street() } },
    });
    const body = (await response.json()) as { predictions?: unknown; code?: string };
    return {
      status: response.status(),
      ...(body.predictions ? { predictions: body.predictions } : { code: body.code }),
    };
  };
  const before = await ask();
  expect(before.status).toBe(200);
  const version = `/api/${world.workspace.slug}/${project.slug}/1?api_key=${key}`;
  await page.request.delete(version);
  expect(await ask()).toEqual({ status: 404, code: "model_in_trash" });
  await page.request.post(`/api/${world.workspace.slug}/trash/restore?api_key=${key}`, {
    data: { type: "version", id: "1", parentId: project.id },
  });
  expect(await ask()).toEqual(before);
});

test.describe("on a phone, in Japanese and dark", LONG, () => {
  test.use({ locale: "ja-JP", colorScheme: "dark", viewport: PHONE });

  test("a model is handed in and tried", async ({ page, world, signIn, axe, fits }) => {
    test.slow();
    const { url } = await open({ world, signIn });
    await page.goto(url);
    await page.getByLabel("モデルを取り込む").setInputFiles(file("best.onnx", onnx));
    await expect(page.getByText("提供中", { exact: true })).toBeVisible({ timeout: 30_000 });
    const tryIt = page.getByRole("region", { name: "モデルを試す" });
    await tryIt.locator("input[type=file]").setInputFiles(file("street.jpg", await street()));
    await expect(tryIt.getByRole("status")).toHaveText("2件見つかりました", { timeout: 30_000 });
    await axe();
    await fits();
  });
});
