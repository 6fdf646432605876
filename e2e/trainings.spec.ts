import { readdirSync, readFileSync } from "node:fs";
import type { APIRequestContext, Locator, Page } from "@playwright/test";
import { startTraining } from "@/lib/domain/trainings";
import { trashVersion } from "@/lib/domain/trash";
import { readDigits } from "@/lib/engine/digits";
import { prisma } from "@/lib/platform/db";
import {
  buildApiKey,
  buildModel,
  buildProject,
  buildTraining,
  buildVersion,
  userContext,
  type World,
} from "@/lib/testing/builders";
import { buildRealVersion } from "@/lib/testing/real-version";
import { storeNoFiles } from "@/lib/testing/stored-version";
import { expect, LONG, PHONE, test } from "./fixtures";

// One after the other, so that the worker's child is the one that the test began.
test.describe.configure({ mode: "default" });

const refOf = (world: World, project: { slug: string }, number = 1) => ({
  workspaceSlug: world.workspace.slug,
  projectSlug: project.slug,
  number,
});
const trainings = (page: Page) => page.getByRole("region", { name: "Trainings", exact: false });
const run = (page: Page, number: number) =>
  page
    .getByRole("list", { name: "Trainings" })
    .getByRole("listitem")
    .filter({ has: page.getByRole("heading", { name: `Training ${number}`, exact: true }) });

/** The processes that a worker trains in. */
function childrenOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number),
  );
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** How many epochs the curve of the losses over the training images has. */
async function pointsOf(chart: Locator): Promise<number> {
  const path = await chart.locator("path[class*=stroke-train]").getAttribute("d");
  return path!.split("L").length;
}

async function beginTraining(page: Page, epochs: number): Promise<void> {
  await trainings(page).getByRole("button", { name: "Train", exact: true }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Epochs").fill(String(epochs));
  await dialog.getByRole("button", { name: "Start training" }).click();
  await expect(dialog).toBeHidden();
}

/** What the model that serves as `project/1` says of an image, as a program asks it. */
async function ask(
  request: APIRequestContext,
  project: { slug: string },
  apiKey: string,
  image: Buffer,
): Promise<{ status: number; answer: Record<string, unknown> }> {
  const response = await request.post(`/api/infer/${project.slug}/1?api_key=${apiKey}&confidence=0`, {
    multipart: { file: { name: "digit.png", mimeType: "image/png", buffer: image } },
  });
  const { inference_id: _id, time: _time, ...answer } = (await response.json()) as Record<string, unknown>;
  return { status: response.status(), answer };
}

test("a curve moves while it trains; trashing the version ends that and silences its model; the restore brings back the same answer", async ({
  page,
  world,
  signIn,
  server,
}) => {
  test.slow(); // it really trains
  const project = await buildProject(world, { name: "Digits" });
  await buildRealVersion(world, project, {
    name: "digits",
    images: 100,
    augmentation: { image: { versions: 5 }, rotate: { degrees: 15 } },
  });
  const [apiKey, [digit]] = [await buildApiKey(world), await readDigits(1)];
  await signIn(world.owner);
  await page.goto(`/${world.workspace.slug}/${project.slug}/1`);

  await beginTraining(page, 3);
  await expect(page.getByRole("heading", { name: /^Trainings/ })).toBeFocused();
  await expect(page.getByText("Training 1 finished")).toBeVisible();
  await expect(page.getByRole("list", { name: "Models" })).toContainText(/Default.*Accuracy.*on 10 test images/);
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: /^Download the weights of/ }).click(),
  ]);
  expect(download.suggestedFilename()).toMatch(/-1-1\.\w+$/);
  const before = await ask(page.request, project, apiKey, digit!.png);
  expect(before).toMatchObject({ status: 200, answer: { top: expect.stringMatching(/^\d$/) } });

  await beginTraining(page, 500);
  const second = run(page, 2);
  await expect(second).toContainText("Running");
  const chart = second.getByRole("img", { name: /^Loss after \d+ of 500 epochs/ });
  await expect(chart).toBeVisible();
  const seen = await pointsOf(chart);
  await expect.poll(() => pointsOf(chart)).toBeGreaterThan(seen + 1);
  await expect(second.getByRole("img", { name: /^Accuracy after/ })).toBeVisible();
  await page.reload();
  await expect.poll(() => pointsOf(chart)).toBeGreaterThan(seen);
  const children = childrenOf(server.workerPid);
  expect(children).toHaveLength(1);

  await page.getByRole("button", { name: "Edit Dataset" }).click();
  await page.getByRole("menuitem", { name: "Delete Version" }).click();
  const dialog = page.getByRole("dialog", { name: 'Move "digits" to Trash?' });
  await expect(dialog.getByText(/^Training 2, epoch \d+ of 500, is cancelled for good\.$/)).toBeVisible();
  await expect(
    dialog.getByText(/^The model .+-1-1, 1 call in the last 7 days, stops serving until the restore\.$/),
  ).toBeVisible();
  await dialog.getByLabel("Type the version's name to confirm").fill("digits");
  await dialog.getByRole("button", { name: "Move to Trash" }).click();
  await expect(page.getByText('Moved "digits" to Trash')).toBeVisible();
  expect(await ask(page.request, project, apiKey, digit!.png)).toMatchObject({
    status: 404,
    answer: { code: "model_in_trash" },
  });
  await expect
    .poll(() => children.filter(isAlive), { timeout: 2_000, message: "the training's process is gone" })
    .toEqual([]);

  await page.getByRole("button", { name: "Undo" }).click();
  await expect(page.getByText('Restored "digits"')).toBeVisible();
  await page.goto(`/${world.workspace.slug}/${project.slug}/1`);
  await expect(second).toContainText("Cancelled: version moved to Trash");
  await expect(run(page, 1)).toContainText("Finished");
  await expect(page.getByRole("list", { name: "Models" }).getByRole("listitem")).toHaveCount(1);
  expect(await ask(page.request, project, apiKey, digit!.png)).toEqual(before);
  expect(childrenOf(server.workerPid)).toEqual([]);
});

test(
  "a training is begun and stopped by keyboard alone, and what it learned serves",
  LONG,
  async ({ page, world, signIn }) => {
    test.slow();
    const project = await buildProject(world);
    await buildRealVersion(world, project, {
      name: "digits",
      images: 100,
      augmentation: { image: { versions: 5 }, noise: { percent: 2 } },
    });
    await signIn(world.owner);
    await page.goto(`/${world.workspace.slug}/${project.slug}/1`);
    const tabTo = async (target: Locator) => {
      for (
        let presses = 0;
        presses < 80 && !(await target.evaluate((element) => element === document.activeElement));
        presses++
      )
        await page.keyboard.press("Tab");
      await expect(target).toBeFocused();
    };
    await tabTo(page.getByRole("article").getByRole("button", { name: "Train", exact: true }).first());
    await page.keyboard.press("Enter");
    await expect(page.getByRole("dialog").getByLabel("Epochs")).toBeFocused();
    await page.keyboard.press("ControlOrMeta+a");
    await page.keyboard.type("501");
    await page.keyboard.press("Enter");
    await expect(page.getByRole("dialog").getByText("Epochs are a whole number from 1 to 500.")).toBeVisible();
    await page.keyboard.press("ControlOrMeta+a");
    await page.keyboard.type("500");
    await page.keyboard.press("Enter");
    await expect(page.getByRole("heading", { name: /^Trainings/ })).toBeFocused();
    const stop = page.getByRole("button", { name: "Stop Training 1" });
    await expect(stop).toBeVisible();
    await expect(run(page, 1).getByRole("img", { name: /^Loss/ })).toBeVisible();
    await tabTo(stop);
    await page.keyboard.press("Enter");
    await expect(page.getByText("Training 1 stopped and kept what it learned")).toBeVisible();
    await expect(run(page, 1)).toContainText("Stopped");
    await expect(page.getByRole("heading", { name: "Training 1", exact: true })).toBeFocused();
    await expect(page.getByRole("list", { name: "Models" }).getByRole("listitem")).toHaveCount(1);
  },
);

test(
  "cancelling asks only where something would be lost; a run is repeated with its settings",
  LONG,
  async ({ page, world, signIn }) => {
    const project = await buildProject(world, { type: "OBJECT_DETECTION" });
    const version = await buildVersion(world, project, { name: "hats" });
    const running = await buildTraining(world, version, { status: "RUNNING" });
    await prisma().training.update({
      where: { id: running.id },
      data: {
        epoch: 2,
        epochs: 7,
        curve: [1, 2].map((epoch) => ({ epoch, loss: 1 / epoch, accuracy: 0.5, validLoss: null, validAccuracy: null })),
      },
    });
    await storeNoFiles(version.id);
    await signIn(world.owner);
    await page.goto(`/${world.workspace.slug}/${project.slug}/1`);
    await page.getByRole("button", { name: "Cancel Training 1" }).click();
    const question = page.getByRole("alertdialog", { name: "Cancel Training 1?" });
    await expect(question).toContainText("What it learned in 2 epochs is thrown away");
    await question.getByRole("button", { name: "Go on training" }).click();
    await expect(run(page, 1)).toContainText("Running");
    await page.getByRole("button", { name: "Cancel Training 1" }).click();
    await question.getByRole("button", { name: "Cancel training" }).click();
    await expect(run(page, 1)).toContainText("Cancelled: by a member");
    await expect(page.getByRole("heading", { name: "Training 1", exact: true })).toBeFocused();

    await page.getByRole("button", { name: "Train again as Training 1" }).click();
    await expect(run(page, 2)).toContainText("Waits until a trainer of yours takes it.");
    expect(await prisma().training.findFirstOrThrow({ where: { versionId: version.id, number: 2 } })).toMatchObject({
      modelType: running.modelType,
      epochs: 7,
      trainer: "EXTERNAL",
    });
    await page.getByRole("button", { name: "Cancel Training 2" }).click();
    await expect(run(page, 2)).toContainText("Cancelled: by a member");

    await trainings(page).getByRole("button", { name: "Train", exact: true }).click();
    const dialog = page.getByRole("dialog", { name: 'Train "hats"' });
    await expect(dialog.getByRole("radio", { name: /Our trainer hog-mlp/ })).toBeDisabled();
    await expect(dialog.getByText("Learns to classify images; this project is of another type.")).toBeVisible();
    await dialog.getByLabel("Model type").fill("YOLO");
    await dialog.getByRole("button", { name: "Start training" }).click();
    await expect(dialog.getByText("A model type has lower-case letters")).toBeVisible();
    await dialog.getByLabel("Model type").fill("yolo-nano");
    await dialog.getByRole("button", { name: "Start training" }).click();
    await expect(run(page, 3)).toContainText("yolo-nano");

    // what its trainer reports arrives by itself, and so does its end
    const last = await prisma().training.update({
      where: { versionId_number: { versionId: version.id, number: 3 } },
      data: {
        status: "RUNNING",
        epoch: 1,
        curve: [{ epoch: 1, loss: 0.4, accuracy: 0.9, validLoss: 0.5, validAccuracy: 0.8 }],
        startedAt: new Date(),
        leaseId: "lease",
        leaseUntil: new Date(Date.now() + 60_000),
      },
    });
    await expect(run(page, 3)).toContainText("90% (80% on valid)");
    await prisma().training.update({
      where: { id: last.id },
      data: {
        status: "FAILED",
        statusReason: "CUDA out of memory",
        endedAt: new Date(),
        leaseId: null,
        leaseUntil: null,
      },
    });
    await expect(run(page, 3)).toContainText("CUDA out of memory");
    await expect(page.getByText("Training 3 failed")).toBeVisible();
  },
);

test("a version that our trainer could learn nothing from says why; viewers see no way to train, and may try", async ({
  page,
  world,
  signIn,
  makeUser,
}) => {
  const project = await buildProject(world);
  const version = await buildVersion(world, project, { name: "one class" });
  await prisma().version.update({ where: { id: version.id }, data: { classes: { "3": 10 } } });
  await buildModel(world, await buildTraining(world, version, { status: "FINISHED" }));
  await storeNoFiles(version.id);
  await signIn(world.owner);
  await page.goto(`/${world.workspace.slug}/${project.slug}/1`);
  const train = trainings(page).getByRole("button", { name: "Train", exact: true });
  await expect(train).toHaveAttribute("aria-disabled", "true");
  await expect(train).toHaveAccessibleDescription(/There is nothing to tell apart/);

  await signIn(await makeUser({ role: "VIEWER" }));
  await page.reload();
  await expect(run(page, 1)).toContainText("Finished");
  for (const name of ["Train", "Train again as Training 1"])
    await expect(page.getByRole("button", { name, exact: true })).toHaveCount(0);
  await expect(page.getByRole("button", { name: /^(Use this model|Delete Training)/ })).toHaveCount(0);
  await expect(
    page.getByRole("region", { name: "Try it" }).getByRole("button", { name: "Choose an image" }),
  ).toBeVisible();
});

test(
  "a model is tried with a file and a drawing, says what is wrong with an image, and that it went to Trash",
  LONG,
  async ({ page, world, signIn, expectedErrors }) => {
    test.slow();
    expectedErrors.push(/status of 4(04|15|22).*predict/);
    const project = await buildProject(world);
    await buildRealVersion(world, project, { name: "digits", images: 200 });
    await startTraining(await userContext(world), { ...refOf(world, project), epochs: 15 });
    await signIn(world.owner);
    await page.goto(`/${world.workspace.slug}/${project.slug}/1`);
    const box = page.getByRole("region", { name: "Try it" });
    await expect(box).toBeVisible({ timeout: 30_000 });
    const [digit] = await readDigits(1); // of the split train
    await box
      .getByLabel("Choose an image")
      .setInputFiles({ name: "digit.png", mimeType: "image/png", buffer: digit!.png });
    await expect(box.getByRole("status")).toHaveText(/^0 \d/);
    await expect(box.getByRole("list", { name: "The likeliest classes" }).getByRole("listitem")).toHaveCount(5);
    await expect(box.getByText("28 × 28 px · 5 less likely classes")).toBeVisible();

    await box.getByRole("button", { name: "Use a test image" }).click();
    await expect(box.getByText(/^It is labelled \d: (right|wrong)\.$/)).toBeVisible();

    await box
      .getByLabel("Choose an image")
      .setInputFiles({ name: "notes.png", mimeType: "image/png", buffer: Buffer.from("no image") });
    await expect(box.getByRole("alert").filter({ hasText: /image/ })).toBeVisible();

    await box.getByText("Draw", { exact: true }).click();
    const pad = box.getByRole("img", { name: "Drawing area" });
    const { x, y, width } = (await pad.boundingBox())!;
    const strike = async () => {
      await page.mouse.move(x + width / 2, y + width * 0.2);
      await page.mouse.down();
      await page.mouse.move(x + width / 2, y + width * 0.8, { steps: 8 });
      await page.mouse.up();
    };
    await strike();
    await expect(box.getByRole("status")).toHaveText(/^1 \d/);
    await box.getByRole("button", { name: "Clear" }).click();
    await expect(box.getByText("What the model sees in it will stand here.")).toBeVisible();

    await trashVersion(await userContext(world), refOf(world, project));
    await strike();
    await expect(
      box.getByText(/This model does not serve: it is in Trash, or its version or project is\./),
    ).toBeVisible();
    await expect(box.getByRole("link", { name: "Open Trash" })).toBeVisible();
  },
);

test("another model is chosen, on the page of all models, which says what each is worth and how to call it", async ({
  page,
  world,
  signIn,
}) => {
  const project = await buildProject(world, { name: "Digits" });
  const version = await buildVersion(world, project, { name: "baseline" });
  const [first, second] = [
    await buildModel(world, await buildTraining(world, version, { status: "FINISHED" })),
    await buildModel(world, await buildTraining(world, version, { status: "FINISHED" })),
  ];
  await prisma().version.update({ where: { id: version.id }, data: { defaultModelId: first.id } });
  await prisma().model.update({
    where: { id: second.id },
    data: {
      metrics: {
        accuracy: 0.973,
        measuredOn: "test",
        images: { train: 70, valid: 20, test: 10 },
        elapsedMs: 3210,
        map50: 0.5,
      },
    },
  });
  await storeNoFiles(version.id);
  await prisma().modelCalls.create({ data: { modelId: second.id, day: new Date(), calls: 41 } });
  await signIn(world.owner);
  await page.goto(`/${world.workspace.slug}/${project.slug}`);
  await page.getByRole("navigation", { name: "Pages of Digits" }).getByRole("link", { name: "Models" }).click();
  const models = page.getByRole("list", { name: "Models" }).getByRole("listitem");
  await expect(models).toHaveCount(2);
  const better = models.filter({ hasText: second.slug });
  await expect(better).toContainText(
    /From training 2 of baseline v1.*41 calls in the last 7 days.*97\.3% on 10 test images.*70 images.*3\.2 sec.*map500\.5/s,
  );
  await expect(better.getByRole("link", { name: "baseline v1" })).toHaveAttribute(
    "href",
    `/${world.workspace.slug}/${project.slug}/1`,
  );
  await better.getByText("Call it with curl").click();
  await expect(better.getByRole("region")).toContainText(
    `/api/infer/${world.workspace.slug}/${second.slug}?api_key=$API_KEY" \\\n  -F file=@image.png`,
  );
  await page.getByRole("button", { name: `Use this model: ${second.slug}` }).click();
  await expect(page.getByText(`${project.slug}/1 now answers with ${second.slug}`)).toBeVisible();
  await expect(better).toContainText("Default");
  await expect(better.getByRole("region")).toContainText(`/api/infer/${project.slug}/1?`);
});

for (const colorScheme of ["light", "dark"] as const) {
  test.describe(`Japanese, ${colorScheme}`, LONG, () => {
    test.use({ locale: "ja-JP", colorScheme });

    test("a training in all its states, its dialog and its trial read well, on a phone too", async ({
      page,
      world,
      signIn,
      axe,
      fits,
    }) => {
      test.slow(); // axe looks at three states
      const project = await buildProject(world);
      const { id } = await buildRealVersion(world, project, { name: "数字", images: 20 });
      const curve = [2.3, 1.1, 0.4].map((loss, index) => ({
        epoch: index + 1,
        loss,
        accuracy: 1 - loss / 3,
        validLoss: loss * 1.2,
        validAccuracy: 0.9 - loss / 3,
      }));
      await buildModel(world, await buildTraining(world, { id }, { status: "FINISHED" }));
      await prisma().training.updateMany({ where: { versionId: id }, data: { curve, epoch: 3 } });
      for (const [status, statusReason] of [
        ["CANCELLED", "version moved to Trash"],
        ["FAILED", "worker lost"],
        ["STOPPED", null],
        ["QUEUED", null],
      ] as const) {
        const { id: trainingId } = await buildTraining(world, { id }, { status });
        await prisma().training.update({ where: { id: trainingId }, data: { statusReason } });
      }
      const running = await buildTraining(world, { id }, { status: "RUNNING" });
      await prisma().training.update({ where: { id: running.id }, data: { curve, epoch: 3 } });
      await signIn(world.owner);
      await page.goto(`/${world.workspace.slug}/${project.slug}/1`);
      const list = page.getByRole("list", { name: "学習" });
      await expect(list).toContainText("キャンセル済み：バージョンをゴミ箱に移動");
      await expect(list.getByRole("img", { name: /^損失（エポック3／20）：学習用は2\.3から0\.4/ })).toBeVisible();
      await list.getByText("数値で表示").click();
      await axe();
      await page.getByText("手書き").click();
      await expect(page.getByRole("img", { name: "手書きエリア" })).toBeVisible();
      await axe();
      await page.setViewportSize(PHONE);
      await fits();
      await page.getByRole("button", { name: "学習を開始" }).first().click();
      await page.getByRole("dialog").getByText("外部の学習環境", { exact: true }).click();
      await expect(page.getByRole("dialog").getByLabel("モデルの種類")).toBeVisible();
      await fits();
      await axe();
    });
  });
}
