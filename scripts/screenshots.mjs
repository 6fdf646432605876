// `npm run screenshots`: takes the pictures of README's tour from a product of its own, started on a scratch folder.
import { mkdirSync } from "node:fs";
import path from "node:path";
import { chromium } from "playwright";
import { findBrowser } from "./browser.mjs";
import { projectRoot } from "./data-dir.mjs";
import { withScratchProduct } from "./scratch-product.mjs";

const PORT = process.env.PORT ?? "3290";
const SIZE = { width: 1280, height: 800 };
const WORDS = {
  en: { menu: "Edit Dataset", remove: "Delete Version", curve: "Curve", sample: "Use a test image", right: "right." },
  ja: {
    menu: "データセットを編集",
    remove: "バージョンを削除",
    curve: "学習曲線",
    sample: "テスト画像を使う",
    right: "正解です",
  },
};
const pictures = path.join(projectRoot, "docs/screenshots");

await withScratchProduct({ port: PORT }, async (demo) => {
  const browser = await chromium.launch({ executablePath: findBrowser(), args: ["--no-sandbox", "--disable-gpu"] });
  try {
    mkdirSync(pictures, { recursive: true });
    await takeTour(browser, demo, { language: "en", locale: "en-US", theme: "light" });
    await takeTour(browser, demo, { language: "ja", locale: "ja-JP", theme: "dark" });
  } finally {
    await browser.close();
  }
});

/**
 * @typedef {import("./scratch-product.mjs").Demo} Demo
 * @typedef {{ language: keyof typeof WORDS, locale: string, theme: "light" | "dark" }} Look
 */

/**
 * @param {import("playwright").Browser} browser
 * @param {Demo} demo
 * @param {Look} look
 */
async function takeTour(browser, demo, { language, locale, theme }) {
  const context = await browser.newContext({
    viewport: SIZE,
    deviceScaleFactor: 1,
    locale,
    timezoneId: language === "ja" ? "Asia/Tokyo" : "UTC",
    colorScheme: theme,
    reducedMotion: "reduce",
    baseURL: demo.url,
  });
  const page = await context.newPage();
  const words = WORDS[language];
  const shoot = async (/** @type {string} */ name) => {
    await page.waitForLoadState("networkidle");
    await page.screenshot({ path: path.join(pictures, `${name}-${language}.png`) });
  };
  await page.goto("/sign-in");
  await page.locator("input[type=email]").fill(demo.email);
  await page.locator("input[type=password]").fill(demo.password);
  await page.locator("form button[type=submit]").first().click();
  await page.waitForURL(`**/${demo.workspace}`);

  await page.goto(`/${demo.workspace}/${demo.project}/3`);
  await shoot("versions");

  await page.goto(`/${demo.workspace}/${demo.project}/1`);
  await page.getByText(words.curve, { exact: true }).click();
  await page.getByRole("button", { name: words.sample }).click();
  await page.getByText(words.right).waitFor();
  await page.getByText(words.curve, { exact: true }).evaluate((curve) => curve.scrollIntoView({ block: "start" }));
  await page.evaluate(() => window.scrollBy(0, -120));
  await shoot("train");

  await page.goto(`/${demo.workspace}/${demo.project}/3`);
  await page.getByRole("button", { name: words.menu }).click();
  await page.getByRole("menuitem", { name: words.remove }).click();
  await page.getByRole("dialog").getByRole("textbox").waitFor();
  await shoot("delete");
  await page.keyboard.press("Escape");

  const api = (/** @type {string} */ method, /** @type {string} */ where) =>
    fetch(`${demo.url}/api/${demo.workspace}/${where}?api_key=${demo.apiKey}`, { method });
  await api("DELETE", `${demo.project}/2`);
  await page.goto(`/${demo.workspace}/settings/trash`);
  await shoot("trash");
  const { items } = await (await api("GET", "trash")).json();
  for (const { type, id, parentId } of items) {
    await fetch(`${demo.url}/api/${demo.workspace}/trash/restore?api_key=${demo.apiKey}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ type, id, parentId }),
    });
  }
  await context.close();
}
