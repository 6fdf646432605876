import { expect, test as base, type BrowserContext, type Locator, type Page } from "@playwright/test";
import axeCore from "axe-core";
import { encode } from "next-auth/jwt";
import { addMember, createUser } from "@/lib/domain/people";
import { createWorkspace } from "@/lib/domain/workspaces";
import { systemContext } from "@/lib/domain/context";
import type { World } from "@/lib/testing/builders";
import { readServer, type ServerNote } from "./server-note";

/*
 * Every test has a workspace of its own on the one server, so that tests run side by side: `world` with its owner, more
 * people by `makeUser`, and what they need by lib/testing/builders. People are signed in by their cookie; only one test
 * goes through the form. A sweep of pages crosses language with theme, light English and dark Japanese: the texts of each
 * language and the colours of each theme are all looked at, and nothing depends on their pairing.
 */

export interface Person {
  id: string;
  name: string;
  email: string;
  password: string;
}

declare global {
  interface Window {
    axe: typeof axeCore;
  }
}

interface Fixtures {
  world: World & { owner: Person };
  /** A person with an account; with a role, also a member of `world`. */
  makeUser: (options?: { name?: string; role?: "OWNER" | "EDITOR" | "VIEWER" }) => Promise<Person>;
  /** Signs somebody in, in the test's own browser or another. */
  signIn: (user: { id: string }, context?: BrowserContext) => Promise<void>;
  /** Passes when axe finds nothing to object to on the page as it is now. */
  axe: (page?: Page) => Promise<void>;
  /** Passes when nothing sticks out of the page to the right. */
  fits: (page?: Page) => Promise<void>;
  /** Console errors that a test expects: it pushes a pattern for each. */
  expectedErrors: RegExp[];
  guard: void;
}

/** Of the sweeps, which `npm run test:long` has: every page and dialog, in both languages, themes and widths. */
export const LONG = { tag: "@long" };
export const DESKTOP = { width: 1280, height: 720 };
export const PHONE = { width: 360, height: 740 };

const PASSWORD = "a password for tests";
/** An open menu or tooltip stands at the end of the body, outside of all landmarks, and belongs to its trigger. */
const POPPER = /^<div data-radix-popper-co/;
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

let made = 0;
/** No two tests, workers or runs make the same one. */
const unique = (word: string): string => `${word}-${process.pid.toString(36)}-${(made += 1)}`;

export const test = base.extend<Fixtures, { server: ServerNote }>({
  server: [
    async ({}, provide) => {
      await provide(readServer());
      const { disconnect } = await import("@/lib/platform/db");
      await disconnect();
    },
    { scope: "worker" },
  ],

  world: async ({ server }, provide) => {
    void server;
    const system = await systemContext("e2e");
    const owner = await makePerson("Ada Lovelace");
    const { workspaceId, slug } = await createWorkspace(system, {
      slug: unique("lab"),
      name: "Vision Lab",
      ownerEmail: owner.email,
    });
    await provide({ workspace: { id: workspaceId, slug, name: "Vision Lab" }, owner });
  },

  makeUser: async ({ world }, provide) => {
    await provide(async ({ name = "Grace Hopper", role } = {}) => {
      const person = await makePerson(name);
      const membership = {
        workspaceId: world.workspace.id,
        slug: world.workspace.slug,
        name: world.workspace.name,
        role: "OWNER" as const,
      };
      if (role)
        await addMember(await systemContext("e2e", { membership }), {
          workspaceSlug: world.workspace.slug,
          email: person.email,
          role,
        });
      return person;
    });
  },

  signIn: async ({ context, baseURL, server }, provide) => {
    await provide(async (user, browser = context) => {
      const value = await encode({ token: { sub: user.id, sessionVersion: 1 }, secret: server.secret });
      await browser.addCookies([
        { name: "next-auth.session-token", value, url: baseURL!, httpOnly: true, sameSite: "Lax" },
      ]);
    });
  },

  axe: async ({ page }, provide) => {
    await provide(async (on = page) => {
      // What is still fading in has not its own colours yet.
      await on.evaluate(() =>
        Promise.allSettled(
          document
            .getAnimations()
            .filter((a) => a.effect?.getComputedTiming().iterations !== Infinity)
            .map((a) => a.finished),
        ),
      );
      // Once a document, and by itself: there are no frames, which cost its builder for Playwright a page each time.
      if (!(await on.evaluate(() => "axe" in window))) await on.evaluate(axeCore.source);
      const violations = await on.evaluate(async (tags) => {
        const run = await window.axe.run({ runOnly: { type: "tag", values: tags }, resultTypes: ["violations"] });
        return run.violations.map(({ id, help, nodes }) => ({
          id,
          help,
          nodes: nodes.map(({ html, failureSummary = "" }) => ({ html, failureSummary })),
        }));
      }, TAGS);
      const found = violations.map(({ id, help, nodes }) => ({
        id,
        help,
        nodes: nodes
          .filter((node) => !(id === "region" && POPPER.test(node.html)))
          .map((node) => `${node.html}\n${node.failureSummary}`),
      }));
      expect(found.filter(({ nodes }) => nodes.length > 0)).toEqual([]);
    });
  },

  fits: async ({ page }, provide) => {
    await provide(async (on = page) => {
      const { scrollWidth, clientWidth } = await on.evaluate(() => {
        const { scrollWidth, clientWidth } = document.documentElement;
        return { scrollWidth, clientWidth };
      });
      expect(scrollWidth, "the page is wider than the screen").toBeLessThanOrEqual(clientWidth);
    });
  },

  expectedErrors: async ({}, provide) => {
    // The versions of buildVersion have no files, so that their thumbnails cannot be fetched.
    await provide([/status of (404|500).*\/images\?limit=\d+\)$/]);
  },

  guard: [
    async ({ context, expectedErrors }, provide) => {
      const errors: string[] = [];
      context.on("console", (message) => {
        if (message.type() === "error") errors.push(`${message.text()} (${message.location().url})`);
      });
      context.on("weberror", (error) => errors.push(String(error.error())));
      await provide();
      expect(
        errors.filter((error) => !expectedErrors.some((expected) => expected.test(error))),
        "errors in the browser's console",
      ).toEqual([]);
    },
    { auto: true },
  ],
});

async function makePerson(name: string): Promise<Person> {
  const { userId, email } = await createUser(await systemContext("e2e"), {
    email: `${unique("person")}@example.org`,
    name,
    password: PASSWORD,
  });
  return { id: userId, name, email, password: PASSWORD };
}

/**
 * Waits until React has taken over what the server sent. A key that comes before is not lost, but a menu that it opens does
 * not know yet that keys are in use, and puts the focus on itself instead of its first item.
 */
export const hydrated = (element: Locator): Promise<void> =>
  expect
    .poll(() => element.evaluate((node) => Object.keys(node).some((key) => key.startsWith("__reactProps$"))))
    .toBe(true);

export { expect };
