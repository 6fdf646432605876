import { setPassword } from "@/lib/domain/people";
import { createWorkspace } from "@/lib/domain/workspaces";
import { systemContext } from "@/lib/domain/context";
import { buildProject, buildVersion } from "@/lib/testing/builders";
import { expect, LONG, PHONE, test } from "./fixtures";

const NOT_FOUND = /status of 404/;

test("signing in by the form leads to where one was going, and signing out ends it", async ({ page, world, axe }) => {
  await buildProject(world, { name: "Handwritten digits" });
  const going = `/${world.workspace.slug}?view=all`;
  await page.goto(going);
  await expect(page).toHaveURL(/\/sign-in\?next=/);
  await axe();

  await page.getByLabel("E-mail address").fill(world.owner.email);
  await page.getByLabel("Password").fill("not this one");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByText("This e-mail address and password do not match")).toBeVisible();
  await expect(page.getByLabel("E-mail address")).toHaveValue(world.owner.email);
  await axe();

  await page.getByLabel("Password").fill(world.owner.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page).toHaveURL(going);
  await expect(page.getByRole("heading", { level: 1, name: "Projects" })).toBeVisible();

  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page).toHaveURL(/\/sign-in$/);
  await page.goto(going);
  await expect(page).toHaveURL(/\/sign-in\?next=/);
});

test("an API key in a page's address goes into no redirect, and what the client asks for at the root is JSON", async ({
  request,
  world,
}) => {
  const page = await request.get(`/${world.workspace.slug}?api_key=rp_secret&x=1`, { maxRedirects: 0 });
  expect([page.status(), page.headers()["location"]]).toEqual([
    307,
    `/sign-in?next=${encodeURIComponent(`/${world.workspace.slug}?x=1`)}`,
  ]);
  for (const path of ["/videoinfer/", "/video_upload_signed_url", "/query/cliAuthToken/x"])
    for (const method of ["GET", "POST"]) {
      const answer = await request.fetch(`${path}?api_key=rp_secret`, { method, maxRedirects: 0 });
      expect([answer.status(), await answer.json()], path).toMatchObject([404, { code: "not_supported" }]);
    }
});

test("a next that leads elsewhere is not followed", async ({ page, world }) => {
  await page.goto("/sign-in?next=//example.org/x");
  await page.getByLabel("E-mail address").fill(world.owner.email);
  await page.getByLabel("Password").fill(world.owner.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page).toHaveURL(`/${world.workspace.slug}`);
});

test("raising the session version ends the session at the next page", async ({ page, world, signIn }) => {
  await signIn(world.owner);
  await page.goto(`/${world.workspace.slug}`);
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await setPassword(await systemContext("e2e"), { email: world.owner.email, password: "another password" });
  await page.goto(`/${world.workspace.slug}`);
  await expect(page).toHaveURL(/\/sign-in\?next=/);
});

test("what is not there, and what is somebody else's, is 404", async ({
  page,
  world,
  signIn,
  makeUser,
  expectedErrors,
  axe,
}) => {
  expectedErrors.push(NOT_FOUND);
  await signIn(await makeUser());
  for (const path of ["/no-such-workspace", `/${world.workspace.slug}`, "/a/b/c/d/e/f"]) {
    const answer = await page.goto(path);
    expect(answer?.status(), path).toBe(404);
    await expect(page.getByRole("heading", { name: "There is nothing here" })).toBeVisible();
  }
  await axe();
});

test("somebody without a workspace is told how to get one", async ({ page, signIn, makeUser, axe }) => {
  const lonely = await makeUser();
  await signIn(lonely);
  await page.goto("/");
  await expect(page.getByRole("heading", { name: "You are not a member of any workspace" })).toBeVisible();
  await expect(page.getByText(`--owner ${lonely.email}`)).toBeVisible();
  await axe();
});

test("a chosen language is kept, also for the next sign-in elsewhere", async ({ page, world, signIn, browser }) => {
  await signIn(world.owner);
  await page.goto("/");
  await page.getByLabel("Language").selectOption("日本語");
  await expect(page.getByRole("heading", { level: 1, name: "プロジェクト" })).toBeVisible();
  await expect(page.locator("html")).toHaveAttribute("lang", "ja");
  await page.reload();
  await expect(page.getByRole("heading", { level: 1, name: "プロジェクト" })).toBeVisible();

  const elsewhere = await browser.newContext({ locale: "en-US" });
  await signIn(world.owner, elsewhere);
  const other = await elsewhere.newPage();
  await other.goto("/");
  await expect(other.getByRole("heading", { level: 1, name: "プロジェクト" })).toBeVisible();
  await elsewhere.close();
});

test("one goes from one workspace to another, and comes back to the last one", async ({ page, world, signIn, axe }) => {
  const system = await systemContext("e2e");
  const slug = `${world.workspace.slug}-other`;
  await createWorkspace(system, { slug, name: "Second Lab", ownerEmail: world.owner.email });
  await signIn(world.owner);
  await page.goto(`/${world.workspace.slug}`);
  await page.getByRole("button", { name: "Workspace: Vision Lab" }).click();
  await axe();
  await page.getByRole("link", { name: "Second Lab" }).click();
  await expect(page).toHaveURL(`/${slug}`);
  await expect(page.getByRole("link", { name: "Second Lab" })).toBeHidden();
  await expect(page.getByRole("button", { name: "Workspace: Second Lab" })).toBeVisible();
  await page.goto("/");
  await expect(page).toHaveURL(`/${slug}`);
});

test("a chosen theme is there from the first byte on", async ({ page, world, signIn }) => {
  await signIn(world.owner);
  await page.goto("/");
  await page.getByLabel("Theme").selectOption("Dark");
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  const html = await (await page.request.get(`/${world.workspace.slug}`)).text();
  expect(html).toContain('data-theme="dark"');
});

test("icons, manifest and robots.txt are there for who is not signed in, and every page names them", async ({
  page,
  request,
}) => {
  const hrefOf = (selector: string) =>
    page
      .locator(`head ${selector}`)
      .evaluateAll((links) => links.map((link) => link.getAttribute("href") ?? link.getAttribute("content")));
  await page.goto("/sign-in");
  const manifest = await request.get("/manifest.webmanifest");
  const { icons, start_url } = (await manifest.json()) as { icons: { src: string }[]; start_url: string };
  expect(start_url).toBe("/");
  const [picture] = await hrefOf("meta[property='og:image']");
  const named = [
    ...(await hrefOf("link[rel=manifest], link[rel~=icon], link[rel=apple-touch-icon]")),
    ...icons.map(({ src }) => src),
    new URL(picture!).pathname,
    "/robots.txt",
  ];
  const kinds = {
    webmanifest: "application/manifest+json",
    ico: "image/x-icon",
    svg: "image/svg+xml",
    png: "image/png",
    txt: "text/plain",
  };
  expect(new Set(named.map((href) => href!.split(".").at(-1)))).toEqual(new Set(Object.keys(kinds)));
  for (const href of named) {
    const answer = await request.get(href!, { maxRedirects: 0 });
    expect(answer.status(), href!).toBe(200);
    expect(answer.headers()["content-type"], href!).toContain(kinds[href!.split(".").at(-1) as keyof typeof kinds]);
  }
  expect(await (await request.get("/robots.txt")).text()).toMatch(/^User-agent: \*\nDisallow: \/$/m);
});

test("the bar around the page has the ground of the chosen theme, else of the system's", async ({
  page,
  world,
  signIn,
}) => {
  const bars = page.locator("head meta[name=theme-color]");
  await page.goto("/sign-in");
  await expect(bars).toHaveCount(2);
  await signIn(world.owner);
  await page.goto("/");
  await page.getByLabel("Theme").selectOption("Dark");
  await page.reload();
  await expect(bars).toHaveCount(1);
  await expect(bars).toHaveAttribute("content", "#0d0d10");
});

test("the keyboard leads to the main places and explains itself", async ({ page, world, signIn, axe }) => {
  await signIn(world.owner);
  await page.goto(`/${world.workspace.slug}`);
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "Skip to content" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("main")).toBeFocused();
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog", { name: "Keyboard shortcuts" })).toBeVisible();
  await axe();
  await page.keyboard.press("Escape");
  await page.keyboard.press("g");
  await page.keyboard.press("t");
  await expect(page).toHaveURL(`/${world.workspace.slug}/settings/trash`);
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await page.goto(`/${world.workspace.slug}?from=elsewhere`);
  await expect(async () => {
    await page.keyboard.press("g"); // unheard until the page's scripts run
    await page.keyboard.press("p");
    await expect(page).toHaveURL(`/${world.workspace.slug}`, { timeout: 1_000 });
  }).toPass();
});

for (const { locale, colorScheme, heading } of [
  { locale: "en-US", colorScheme: "light", heading: "Projects" },
  { locale: "ja-JP", colorScheme: "dark", heading: "プロジェクト" },
] as const) {
  test.describe(`${locale}, ${colorScheme}`, LONG, () => {
    test.use({ locale, colorScheme });

    test("the shell has no flaw that axe knows, and fits a small phone", async ({ page, world, signIn, axe, fits }) => {
      const project = await buildProject(world, {
        name: "Handwritten digits with a name that is too long for any card or sidebar",
      });
      await buildVersion(world, project);
      await signIn(world.owner);
      await page.goto(`/${world.workspace.slug}`);
      await expect(page.getByRole("heading", { level: 1, name: heading })).toBeVisible();
      await axe();

      await page.setViewportSize(PHONE);
      await fits();
      const link = page.getByRole("complementary").getByRole("link", { name: project.name });
      await expect(link).toBeHidden();
      await page.getByRole("banner").getByRole("button").click();
      await expect(link).toBeVisible();
      await axe();
      await fits();
      await page.keyboard.press("Escape");
      await expect(link).toBeHidden();
    });
  });
}
