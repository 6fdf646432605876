import type { Page } from "@playwright/test";
import { prisma } from "@/lib/platform/db";
import { buildApiKey, buildProject, buildVersion } from "@/lib/testing/builders";
import { DESKTOP, expect, LONG, PHONE, test, type Person } from "./fixtures";

const REFUSED = /status of (403|404)/;

/** What a program sends with a key; the answer's status and body. */
async function call(
  baseURL: string,
  key: string,
  path: string,
  init: RequestInit = {},
): Promise<{ status: number; body: unknown }> {
  const answer = await fetch(`${baseURL}/api${path}`, {
    ...init,
    headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json" },
  });
  return { status: answer.status, body: await answer.json() };
}

async function createKey(page: Page, name: string, preset: string): Promise<string> {
  await page.getByRole("button", { name: "Create API key" }).click();
  const form = page.getByRole("dialog", { name: "Create API key" });
  await form.getByRole("textbox", { name: "Name" }).fill(name);
  await form.getByRole("button", { name: preset }).click();
  await form.getByRole("button", { name: "Create key" }).click();
  return (await page.getByRole("group", { name: "API key", exact: true }).locator("code").textContent()) ?? "";
}

test("a key is made, shown once, used by a program, and refused once it is revoked", async ({
  page,
  world,
  signIn,
  axe,
  baseURL,
}) => {
  const { slug } = world.workspace;
  const project = await buildProject(world, { name: "Digits" });
  await buildVersion(world, project, { name: "digits baseline" });
  await signIn(world.owner);
  await page.goto(`/${slug}/settings/api-keys`);
  await expect(page.getByText("No API keys yet")).toBeVisible();

  await page.getByRole("button", { name: "Create API key" }).click();
  const form = page.getByRole("dialog", { name: "Create API key" });
  await expect(form.getByRole("textbox", { name: "Name" })).toBeFocused();
  await form.getByRole("checkbox", { name: /workspace:read/ }).click();
  await expect(form.getByRole("button", { name: "Read only" })).toHaveAttribute("aria-pressed", "false");
  await form.getByRole("checkbox", { name: /project:read/ }).click();
  await form.getByRole("checkbox", { name: /version:read/ }).click();
  await form.getByRole("textbox", { name: "Name" }).fill("Nothing");
  await page.keyboard.press("Enter"); // without a scope, nothing is made
  await expect(form.getByRole("button", { name: "Create key" })).toHaveAttribute("aria-disabled", "true");
  await page.keyboard.press("Escape");
  await expect(page.getByText("No API keys yet")).toBeVisible();
  const key = await createKey(page, "Training server", "Trash and restore");
  expect(key).toMatch(/^rp_\w/);
  const dialog = page.getByRole("dialog", { name: "API key “Training server”" });
  await expect(dialog.getByRole("button", { name: "Copy API key" })).toBeFocused();
  await expect(dialog.getByRole("region", { name: "Environment" })).toHaveText(
    `export API_URL=${baseURL}/api\nexport ROBOFLOW_API_KEY=${key}`,
  );
  await page.mouse.click(5, 5); // beside the dialog: what is shown once must not be lost
  await expect(dialog).toBeVisible();
  await axe();
  await dialog.getByRole("button", { name: "Done" }).click();
  await expect(page.getByRole("button", { name: "Create API key" })).toBeFocused();
  await page.reload();
  expect(await page.content()).not.toContain(key);
  const row = page.getByRole("row", { name: /Training server/ });
  await expect(row).toContainText(`${key.slice(0, 8)}…`);
  await expect(row).toContainText("Trash and restore");

  expect(await call(baseURL!, key, `/${slug}/${project.slug}/1`, { method: "DELETE" })).toMatchObject({ status: 200 });
  const trash = await call(baseURL!, key, `/${slug}/trash`);
  expect(JSON.stringify(trash.body)).toContain("digits baseline");
  expect(
    await call(baseURL!, key, `/${slug}/trash/restore`, {
      method: "POST",
      body: JSON.stringify({ type: "version", id: "1", parentId: project.id }),
    }),
  ).toMatchObject({ status: 200 });

  await page.goto(`/${slug}/settings/audit-log?action=trash`);
  const log = page.getByRole("table", { name: "Audit log" }).getByRole("row");
  await expect(log.nth(1)).toContainText("Restored the version “digits baseline”");
  await expect(log.nth(2)).toContainText("Moved the version “digits baseline” to Trash");
  for (const i of [1, 2]) await expect(log.nth(i)).toContainText("Ada LovelaceAPI key “Training server”");

  await page.goto(`/${slug}/settings/api-keys`);
  await page.getByRole("button", { name: "Revoke Training server" }).click();
  const question = page.getByRole("alertdialog", { name: "Revoke “Training server”?" });
  await expect(question).toContainText("stops working at once");
  await expect(question.getByRole("button", { name: "Cancel" })).toBeFocused();
  await axe();
  await question.getByRole("button", { name: "Revoke key" }).click();
  await expect(page.getByText("Revoked the API key “Training server”")).toBeVisible();
  await expect(page.getByText("No API key is in force")).toBeVisible();
  await expect(page.locator("#keys-in-force")).toBeFocused();
  expect(await call(baseURL!, key, `/${slug}`)).toMatchObject({ status: 401 });
  await page.getByText("1 revoked key").click();
  await expect(page.getByRole("row", { name: /Training server/ })).toBeVisible();
  await axe();
});

test(
  "an invited person sets a password, signs in, and looks as a viewer",
  LONG,
  async ({ page, world, signIn, axe, browser, baseURL, expectedErrors }) => {
    expectedErrors.push(REFUSED);
    const { slug } = world.workspace;
    const email = `grace-${slug}@example.org`;
    await buildProject(world, { name: "Handwritten digits" });
    await signIn(world.owner);
    await page.goto(`/${slug}/settings/members`);
    await page.getByRole("button", { name: "Add member" }).click();
    const form = page.getByRole("dialog", { name: "Add member" });
    await expect(form.getByLabel("E-mail address")).toBeFocused();
    await form.getByLabel("E-mail address").fill(email);
    await form.getByRole("radio", { name: /Viewer/ }).check();
    await axe();
    await page.keyboard.press("Enter");
    const handover = page.getByRole("dialog", { name: /^One-time link for grace/ });
    await expect(handover.getByRole("button", { name: "Copy one-time link" })).toBeFocused();
    const first = (await handover.getByRole("group", { name: "One-time link" }).locator("code").textContent()) ?? "";
    expect(first).toMatch(new RegExp(`^${baseURL}/invite/[\\w-]{32}$`));
    await axe();
    await handover.getByRole("button", { name: "Done" }).click();

    const row = page.getByRole("row", { name: new RegExp(email) });
    await expect(row).toContainText("Invited");
    await row.getByRole("button", { name: /^New link for/ }).click();
    const link = (await page.getByRole("group", { name: "One-time link" }).locator("code").textContent()) ?? "";
    expect(link).not.toBe(first);
    await page.getByRole("button", { name: "Done" }).click();
    await expect(row.getByRole("button", { name: /^New link for/ })).toBeFocused();

    const theirs = await browser.newContext({ ...(baseURL ? { baseURL } : {}), locale: "en-US" });
    const guest = await theirs.newPage();
    for (const dead of [first, `${baseURL}/invite/nobody`]) {
      expect((await guest.goto(dead))?.status()).toBe(404);
      await expect(guest.getByRole("heading", { name: "This link does not work any more" })).toBeVisible();
    }
    await axe(guest);
    for (const _look of [1, 2]) expect((await guest.goto(link))?.status()).toBe(200); // looking uses nothing up
    expect((await guest.request.get(link)).headers()["referrer-policy"]).toBe("no-referrer");
    await axe(guest);
    const password = guest.getByRole("textbox", { name: "New password" });
    await password.fill("short");
    await guest.getByRole("button", { name: "Set password" }).click();
    await expect(guest.getByText("The password must have at least 8 characters.")).toBeVisible();
    await password.fill("a password of one's own");
    await expect(password).toHaveAttribute("type", "password");
    await guest.getByRole("button", { name: "Show password" }).click();
    await expect(password).toHaveAttribute("type", "text");
    await guest.getByRole("button", { name: "Set password" }).click();
    await expect(guest.getByLabel("E-mail address")).toHaveValue(email);
    await expect(guest).toHaveURL(/\/sign-in\?email=/);
    await guest.getByLabel("Password").fill("a password of one's own");
    await guest.getByRole("button", { name: "Sign in" }).click();
    await expect(guest).toHaveURL(`/${slug}`);
    await expect(guest.getByRole("main").getByRole("link", { name: "Handwritten digits" })).toBeVisible();
    expect((await guest.goto(`/${slug}/settings/members`))?.status()).toBe(403);
    expect((await guest.goto(link))?.status()).toBe(404);
    await theirs.close();

    await page.reload();
    await expect(row).not.toContainText("Invited");
    await page.goto(`/${slug}/settings/audit-log?action=members`);
    await expect(page.getByText(/^grace-.* set a password by a one-time link$/)).toBeVisible();
  },
);

test("roles change with Undo, people are removed with their keys, and the last owner stays", async ({
  page,
  world,
  makeUser,
  signIn,
  axe,
  baseURL,
}) => {
  const { slug } = world.workspace;
  const grace = await makeUser({ name: "Grace Hopper", role: "EDITOR" });
  const key = await buildApiKey(world, { userId: grace.id });
  await signIn(world.owner);
  await page.goto(`/${slug}/settings/members`);
  const mine = page.getByRole("row", { name: /Ada Lovelace/ });
  await expect(mine).toContainText("The only owner");
  const leave = mine.getByRole("button", { name: "Leave Vision Lab" });
  await expect(leave).toHaveAttribute("aria-disabled", "true");
  await leave.focus();
  await expect(page.getByRole("tooltip", { name: /only owner/ })).toBeVisible();
  await leave.press("Enter");
  await expect(page.getByRole("alertdialog")).toBeHidden();

  const role = page.getByRole("combobox", { name: "Role of Grace Hopper" });
  await role.selectOption("Owner");
  await expect(page.getByText("Grace Hopper is now Owner")).toBeVisible();
  await expect(mine.getByRole("combobox", { name: "Role of Ada Lovelace" })).toBeVisible();
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(page.getByText("Grace Hopper is now Editor")).toBeVisible();
  await expect(role).toHaveValue("EDITOR");
  await expect(mine).toContainText("The only owner");

  await page.getByRole("button", { name: "Remove Grace Hopper" }).click();
  const question = page.getByRole("alertdialog", { name: "Remove Grace Hopper from Vision Lab?" });
  await expect(question).toContainText("1 API key stops working at once.");
  await axe();
  expect((await call(baseURL!, key, `/${slug}`)).status).toBe(200);
  await question.getByRole("button", { name: "Remove member" }).click();
  await expect(page.getByText("Removed Grace Hopper from Vision Lab")).toBeVisible();
  await expect(role).toBeHidden();
  await expect(page.locator("#members")).toBeFocused();
  expect((await call(baseURL!, key, `/${slug}`)).status).toBe(401);
});

test("a stale page cannot demote the last owner, and says why", async ({ page, world, makeUser, signIn }) => {
  const grace = await makeUser({ name: "Grace Hopper", role: "OWNER" });
  await signIn(world.owner);
  await page.goto(`/${world.workspace.slug}/settings/members`);
  await page.getByRole("combobox", { name: "Role of Ada Lovelace" }).selectOption("Viewer");
  const question = page.getByRole("alertdialog", { name: "Give up your owner role?" });
  await prisma().membership.update({
    where: { workspaceId_userId: { workspaceId: world.workspace.id, userId: grace.id } },
    data: { role: "EDITOR" },
  });
  await question.getByRole("button", { name: "Give up the owner role" }).click();
  await expect(page.getByText("Ada Lovelace is the last owner. Make somebody else an owner first.")).toBeVisible();
  await expect(page.getByRole("row", { name: /Ada Lovelace/ })).toContainText("The only owner");
});

test("who gives up the owner role, or leaves, is out", async ({ page, world, makeUser, signIn, expectedErrors }) => {
  expectedErrors.push(REFUSED);
  const grace = await makeUser({ name: "Grace Hopper", role: "OWNER" });
  await signIn(grace);
  await page.goto(`/${world.workspace.slug}/settings/members`);
  await page.getByRole("button", { name: "Leave Vision Lab" }).click();
  await page.getByRole("button", { name: "Leave workspace" }).click();
  await expect(page.getByRole("heading", { name: "You are not a member of any workspace" })).toBeVisible();
});

test("editors and viewers are forbidden the owners' pages; strangers find none", async ({
  page,
  world,
  makeUser,
  signIn,
  axe,
  expectedErrors,
}) => {
  expectedErrors.push(REFUSED);
  const people: [Person, number][] = [
    [await makeUser({ role: "EDITOR" }), 403],
    [await makeUser({ role: "VIEWER" }), 403],
    [await makeUser(), 404],
  ];
  for (const [person, status] of people) {
    await signIn(person);
    for (const place of ["api-keys", "members", "audit-log"])
      expect((await page.goto(`/${world.workspace.slug}/settings/${place}`))?.status(), place).toBe(status);
    if (status === 403)
      await expect(page.getByRole("heading", { name: "Your role does not include this" })).toBeVisible();
    await axe();
  }
});

for (const { locale, colorScheme, words } of [
  {
    locale: "en-US",
    colorScheme: "light",
    words: {
      keys: "API keys",
      create: "Create API key",
      make: "Create key",
      done: "Done",
      revoke: "Revoke CI",
      members: "Members",
      add: "Add member",
      remove: "Remove Grace Hopper",
      log: "Audit log",
      sentence: "Created the API key “CI” with 3 scopes",
      cancel: "Cancel",
    },
  },
  {
    locale: "ja-JP",
    colorScheme: "dark",
    words: {
      keys: "API キー",
      create: "API キーを作成",
      make: "キーを作成",
      done: "完了",
      revoke: "CIを失効",
      members: "メンバー",
      add: "メンバーを追加",
      remove: "Grace Hopperさんをメンバーから削除",
      log: "監査ログ",
      sentence: "API キー「CI」を作成しました（スコープ3個）",
      cancel: "キャンセル",
    },
  },
] as const) {
  test.describe(`${locale}, ${colorScheme}`, LONG, () => {
    test.use({ locale, colorScheme });

    test("keys, members and the log have no flaw that axe knows, and fit a small phone, dialogs too", async ({
      page,
      world,
      makeUser,
      signIn,
      axe,
      fits,
    }) => {
      test.slow(); // axe looks at ten states
      await makeUser({ name: "Grace Hopper", role: "EDITOR" });
      await signIn(world.owner);
      const look = async (onPhone = () => fits()) => {
        await axe();
        await page.setViewportSize(PHONE);
        await onPhone();
        await page.setViewportSize(DESKTOP);
      };
      /** Also at what stands otherwise on a phone: at each page once, and at one dialog. */
      const lookTwice = () => look(async () => void (await fits(), await axe()));
      const open = async (place: string, heading: string) => {
        await page.goto(`/${world.workspace.slug}/settings/${place}`);
        await expect(page.getByRole("heading", { level: 1, name: heading })).toBeVisible();
      };

      await open("api-keys", words.keys);
      await page.getByRole("button", { name: words.create }).click();
      await page.getByRole("dialog").getByRole("textbox").fill("CI");
      await look();
      await page.getByRole("button", { name: words.make, exact: true }).click();
      await page.getByRole("button", { name: words.done }).waitFor();
      await look();
      await page.getByRole("button", { name: words.done }).click();
      await page.getByRole("button", { name: words.revoke }).click();
      await expect(page.getByRole("alertdialog")).toBeVisible();
      await look();
      await page.getByRole("button", { name: words.cancel }).click();
      await lookTwice();

      await open("members", words.members);
      await lookTwice();
      await page.getByRole("button", { name: words.remove }).click();
      await look();
      await page.getByRole("button", { name: words.cancel }).click();
      await page.getByRole("button", { name: words.add }).click();
      await page.getByRole("dialog").getByRole("textbox").fill(`new-${world.workspace.slug}@example.org`);
      await lookTwice();
      await page.keyboard.press("Enter");
      await page.getByRole("button", { name: words.done }).waitFor();
      await look();

      await open("audit-log", words.log);
      await expect(page.getByText(words.sentence)).toBeVisible();
      await lookTwice();
    });
  });
}
