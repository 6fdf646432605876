import { prisma } from "@/lib/platform/db";
import { buildModel, buildTraining } from "@/lib/testing/builders";
import { expect, test } from "./fixtures";
import { buildDigits } from "./delete-steps";

test("a project: what it hides and cancels, the typed name, and Undo", async ({ page, world, signIn, axe }) => {
  const { project, version } = await buildDigits(world);
  await buildTraining(world, version, { status: "QUEUED" });
  await signIn(world.owner);
  await page.goto(`/${world.workspace.slug}`);
  await page.getByRole("button", { name: 'Edit project "Digits"' }).click();
  await page.getByRole("menuitem", { name: "Delete Project" }).click();
  const dialog = page.getByRole("dialog", { name: 'Move "Digits" to Trash?' });
  await expect(dialog.getByText("2 versions are hidden with it.")).toBeVisible();
  await expect(dialog.getByText("Training 1 of v2, not begun yet, is cancelled for good.")).toBeVisible();
  await axe();
  await dialog.getByLabel("Type the project's name to confirm").fill("Digits");
  await dialog.getByRole("button", { name: "Move to Trash" }).click();
  await expect(page.getByText('Moved "Digits" to Trash')).toBeVisible();
  await expect(page.getByText("No projects yet")).toBeVisible();
  await expect(page.locator("#projects")).toBeFocused();
  expect((await prisma().project.findUniqueOrThrow({ where: { id: project.id } })).deletedAt).not.toBeNull();
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(page.getByRole("heading", { name: "Digits" })).toBeVisible();
});

test("a training that is over goes to Trash with its model after a question, one that is active does not", async ({
  page,
  world,
  signIn,
  axe,
}) => {
  const { version, home } = await buildDigits(world);
  const model = await buildModel(world, await buildTraining(world, version, { status: "FINISHED" }));
  await buildTraining(world, version, { status: "RUNNING" });
  await signIn(world.owner);
  await page.goto(`${home}/2`);
  const active = page.getByRole("button", { name: "Delete Training 2" });
  await expect(active).toHaveAttribute("aria-disabled", "true");
  await expect(active).toHaveAccessibleDescription("It is not over yet. Stop or cancel it first.");
  await page.getByRole("button", { name: "Delete Training 1" }).click();
  const dialog = page.getByRole("dialog", { name: 'Move "Training 1" to Trash?' });
  await expect(dialog.getByText(`The model ${model.slug} stops serving`)).toBeVisible();
  await axe();
  await dialog.getByRole("button", { name: "Move to Trash" }).click();
  await expect(page.getByText('Moved "Training 1" to Trash')).toBeVisible();
  await expect(page.getByRole("list", { name: "Trainings" }).getByRole("heading", { name: "Training 1" })).toHaveCount(
    0,
  );
  await expect(page.getByRole("heading", { name: /Trainings/ })).toBeFocused();
  await expect(page.getByText("No model yet")).toBeVisible();
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(page.getByText('Restored "Training 1"')).toBeVisible();
  await expect(page.getByRole("list", { name: "Models" })).toContainText(model.slug);
});
