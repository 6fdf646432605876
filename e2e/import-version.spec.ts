import { prisma } from "@/lib/platform/db";
import { buildProject, buildVersion } from "@/lib/testing/builders";
import { storeNoFiles } from "@/lib/testing/stored-version";
import { expect, LONG, test } from "./fixtures";
import { draw, makeZip } from "./upload-steps";

const zipFile = (buffer: Buffer, name = "hats v7.zip") => ({ name, mimeType: "application/zip", buffer });

/** As the hosted service's client downloads it, and two things that cannot be taken. */
async function hosted(): Promise<Buffer> {
  const files: Record<string, Buffer | string> = {
    "README.roboflow.txt": "\nHard Hats - v7 summer\n====\n",
    "data.yaml": "names: ['vest', 'hat']\nroboflow:\n  workspace: acme\n  project: hard-hats\n  version: 7\n",
    "train/images/broken.jpg": "no image",
    "notes.pdf": "-",
  };
  for (let i = 0; i < 12; i++) {
    const split = i < 8 ? "train" : i < 10 ? "valid" : "test";
    files[`${split}/images/site-${i}_jpg.rf.0f.jpg`] = await draw(i, "jpeg");
    files[`${split}/labels/site-${i}_jpg.rf.0f.txt`] = "1 0.5 0.5 0.4 0.5\n";
  }
  return makeZip(files);
}

test("a zip of a version made elsewhere becomes that version, with its number, name and what was left out", async ({
  page,
  world,
  signIn,
  axe,
  fits,
}) => {
  const project = await buildProject(world, { name: "Hats", type: "OBJECT_DETECTION" });
  await signIn(world.owner);
  await page.goto(`/${world.workspace.slug}/${project.slug}`);
  await page.getByRole("button", { name: "Import", exact: true }).click();
  const dialog = page.getByRole("dialog", { name: "Import a version" });
  await expect(dialog.getByRole("button", { name: "Import", exact: true })).toBeDisabled();
  await dialog.locator("input[type=file]").setInputFiles(zipFile(Buffer.from("no zip")));
  await expect(dialog.getByText("This is not a zip, or it is broken.")).toBeVisible();
  await dialog.locator("input[type=file]").setInputFiles(zipFile(await hosted()));
  await expect(dialog.getByText("9 train · 2 valid · 2 test")).toBeVisible();
  await expect(dialog.getByText("It was version 7 of acme/hard-hats.")).toBeVisible();
  await expect(dialog.getByLabel("Name")).toHaveValue("summer");
  await expect(dialog.getByLabel("Number")).toHaveValue("7");
  await axe();
  await fits();
  await dialog.getByRole("button", { name: "Import", exact: true }).click();
  await expect(dialog).toBeHidden();
  await expect(page.getByText('Importing "hats v7.zip". It goes on when you leave this page.')).toBeVisible();
  await expect(page.getByRole("heading", { name: "summer v7" })).toBeVisible({ timeout: 20_000 });
  await expect(page.getByText("Imported from hats v7.zip (YOLO)")).toBeVisible({ timeout: 20_000 });
  await expect(page.getByRole("heading", { name: "Images in all 12" })).toBeVisible({ timeout: 20_000 });
  await page.getByText("2 things were left out").click();
  const left = page.getByRole("region", { name: "2 things were left out" });
  await expect(left.getByRole("listitem").filter({ hasText: "broken.jpg" })).toContainText(
    "cannot be used as an image",
  );
  await expect(left.getByRole("listitem").filter({ hasText: "notes.pdf" })).toContainText("JPEG");
  await axe();
  await fits();

  await page
    .getByRole("button", { name: /^Image 1: / })
    .first()
    .click();
  await expect(page.getByRole("dialog").getByText("Source image")).toHaveCount(0);
  await expect(page.getByRole("dialog").getByRole("img", { name: "site-0_jpg.rf.0f.jpg" })).toBeVisible();
});

test(
  "a number that was given is told beside its field, and a zip that fits nothing on the page",
  LONG,
  async ({ page, world, signIn, axe, expectedErrors }) => {
    expectedErrors.push(/status of 409/);
    const project = await buildProject(world, { name: "Digits" });
    await storeNoFiles((await buildVersion(world, project)).id);
    await signIn(world.owner);
    await page.goto(`/${world.workspace.slug}/${project.slug}`);
    await page.getByRole("button", { name: "Import", exact: true }).click();
    const dialog = page.getByRole("dialog", { name: "Import a version" });
    await dialog
      .locator("input[type=file]")
      .setInputFiles(zipFile(await makeZip({ "train/images/1.jpg": await draw(1, "jpeg") }), "plain.zip"));
    await dialog.getByLabel("Number").fill("1");
    await dialog.getByRole("button", { name: "Import", exact: true }).click();
    await expect(
      dialog.getByText("Version 1 was given in this project already. Leave the number empty to get 2."),
    ).toBeVisible();
    await axe();
    await dialog.getByLabel("Number").fill("");
    await dialog.getByRole("button", { name: "Import", exact: true }).click();
    await expect(
      page.getByText(/^"plain.zip" could not be imported\. No image of the zip lies in the folder/),
    ).toBeVisible({
      timeout: 20_000,
    });
    await axe();
    expect(await prisma().version.count({ where: { projectId: project.id } })).toBe(1);
  },
);
