import { createHmac, hkdfSync } from "node:crypto";
import { rmSync } from "node:fs";
import path from "node:path";
import { Uint8ArrayReader, ZipReader } from "@zip.js/zip.js";
import { beforeEach, describe, expect, test } from "vitest";
import { systemContext } from "@/lib/domain/context";
import { purgeItem, restoreProject, restoreVersion, trashProject, trashVersion } from "@/lib/domain/trash";
import { versionPrefix } from "@/lib/domain/grants";
import { linkTo } from "@/lib/doors/exports/download";
import { buildExports } from "@/lib/work/exports/builder";
import { prisma } from "@/lib/platform/db";
import { buildApiKey, buildProject, buildVersion, buildWorld, userContext, type World } from "@/lib/testing/builders";
import {
  itemRef,
  later,
  projectRef,
  storeFolder,
  trashedProjectRef,
  trashedVersionRef,
  UNBOUNDED,
  versionRef,
} from "@/lib/testing/lifecycle";
import { storeVersion } from "@/lib/testing/stored-version";
import { call } from "./_test/call-api";
import { methods as downloads } from "@/pages/api/downloads/[token]";
import { leavesBroken } from "@/lib/testing/quiet-and-whole";

leavesBroken("it takes away files of a version whose download fails");

let world: World;
let project: Awaited<ReturnType<typeof buildProject>>;
let version: Awaited<ReturnType<typeof storeVersion>>;
let key: string;

const FILES = [{ bytes: Buffer.from("first") }, { bytes: Buffer.from("second"), split: "test" as const }];

beforeEach(async () => {
  await prisma().export.deleteMany();
  world = await buildWorld();
  project = await buildProject(world);
  version = await storeVersion(world, project, FILES);
  key = await buildApiKey(world, { scopes: ["version:read"] });
});

const ask = (format = "folder", of: { number: number } = version) =>
  call("GET", `/${world.workspace.slug}/${project.slug}/${of.number}/${format}`, { key });
const build = async () => buildExports(await systemContext("downloads"), UNBOUNDED);

/** As a client follows a link: no key, no session. */
async function follow(
  link: string,
  method: "GET" | "HEAD" = "GET",
  headers: Record<string, string> = {},
): Promise<Response> {
  const { pathname } = new URL(link);
  return downloads[method](new Request(link, { method, headers }), {
    params: Promise.resolve({ token: decodeURIComponent(pathname.split("/").at(-1)!) }),
  });
}

async function linkOf(): Promise<string> {
  await ask();
  await build();
  const { body } = (await ask()) as { body: { export: { link: string } } };
  return body.export.link;
}

const refusal = async (link: string) => {
  const answer = await follow(link);
  return { status: answer.status, ...((await answer.json()) as { code: string; error: string }) };
};

test("a client asks until the zip is made, then follows a link that needs no key and has its length", async () => {
  expect(await ask()).toMatchObject({ status: 202, body: { progress: 0 } });
  expect(await ask()).toMatchObject({ status: 202, body: { progress: 0 } });
  await build();
  const { status, body } = (await ask()) as { status: number; body: { export: { link: string } } };
  expect(status).toBe(200);
  expect(body.export.link).toMatch(/^http:\/\/localhost:3000\/api\/downloads\/[\w-]+\.[\w-]{43}$/);
  expect(body.export.link).not.toContain(key);

  const answer = await follow(body.export.link);
  const bytes = new Uint8Array(await answer.arrayBuffer());
  expect(answer.status).toBe(200);
  expect(Object.fromEntries(answer.headers)).toMatchObject({
    "content-type": "application/zip",
    "content-length": String(bytes.length),
    "content-disposition": `attachment; filename="${project.slug}-v${version.number}.folder.zip"`,
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "accept-ranges": "bytes",
    etag: expect.stringMatching(/^"[\w-]+"$/),
    "x-request-id": expect.stringMatching(/^[0-9a-f-]{36}$/),
  });
  expect((await new ZipReader(new Uint8ArrayReader(bytes)).getEntries()).length).toBeGreaterThanOrEqual(FILES.length);

  const head = await follow(body.export.link, "HEAD");
  expect([head.status, head.headers.get("content-length"), await head.text()]).toEqual([200, String(bytes.length), ""]);
});

test("a version names all that it can be had as; in its project's list, what is made: there the client would not wait", async () => {
  const hats = await buildProject(world, { type: "OBJECT_DETECTION" });
  const detection = await storeVersion(world, hats, FILES, "object-detection");
  const readKey = await buildApiKey(world, { scopes: ["version:read", "project:read"] });
  const named = async (of: { slug: string }, { number }: { number: number }) => {
    const path = `/${world.workspace.slug}/${of.slug}`;
    const one = await call("GET", `${path}/${number}`, { key: readKey });
    const list = await call("GET", path, { key: readKey });
    return {
      all: (one.body as { version: { exports: string[] } }).version.exports,
      made: (list.body as { versions: { exports: string[] }[] }).versions[0]!.exports,
    };
  };
  const yolo = "yolov8 yolov5 yolov5pytorch yolov7 yolov7pytorch yolov9 yolov11 yolov12 yolo26".split(" ");
  const others = ["coco", "voc", "mt-yolov6", "darknet", "createml", "tensorflow", "multiclass"];
  // no zips: what the client waits for before it asks for a training
  const awaited = ["folder", "jsonl", "png-mask-semantic"];
  const fresh = await named(hats, detection);
  expect([fresh.all.toSorted(), fresh.made]).toEqual([[...yolo, ...others, ...awaited].toSorted(), awaited]);
  await call("GET", `/${world.workspace.slug}/${hats.slug}/${detection.number}/yolov11`, { key });
  await build();
  expect((await named(hats, detection)).made).toEqual([...yolo, ...awaited]);
  // what the client asks for before any training that it does not know, which a classification has no need of
  await linkOf();
  expect(await named(project, version)).toEqual({
    all: ["folder", "multiclass", "yolov5pytorch", "coco", "jsonl", "png-mask-semantic"],
    made: ["folder", "yolov5pytorch", "coco", "jsonl", "png-mask-semantic"],
  });
});

describe("a request for a download", () => {
  test("is refused for formats that do not exist, in words that name those that do, and for those that the project has not", async () => {
    for (const format of ["FOLDER", "yolov10", "folder.zip", "%2e%2e%2f", "v2"])
      expect(await ask(format), format).toMatchObject({ status: 404 });
    expect(await ask("yolov10")).toMatchObject({
      body: {
        error: expect.stringMatching(
          /^There is no such format. There are: folder, coco, yolov8, yolov5, .*multiclass\.$/,
        ),
      },
    });
    for (const format of ["coco", "yolov5pytorch"])
      expect(await ask(format)).toMatchObject({
        status: 422,
        body: { code: "invalid_input", error: "This project's versions can be downloaded as: folder, multiclass." },
      });
    expect(await prisma().export.count()).toBe(0);
  });

  test("makes one zip for all words of the YOLO family, which every link to it calls the same", async () => {
    const hats = await buildProject(world, { type: "OBJECT_DETECTION" });
    const detection = await storeVersion(world, hats, FILES, "object-detection");
    const ask = (word: string) =>
      call("GET", `/${world.workspace.slug}/${hats.slug}/${detection.number}/${word}`, { key });
    const etagOf = async (word: string) =>
      (await follow(((await ask(word)).body as { export: { link: string } }).export.link)).headers.get("etag");
    expect(await ask("yolov5pytorch")).toMatchObject({ status: 202 });
    await build();
    expect(await etagOf("yolo26")).toBe(await etagOf("yolov8"));
    expect(await prisma().export.findMany({ select: { format: true } })).toEqual([{ format: "YOLOV8" }]);
    expect(await ask("mt-yolov6")).toMatchObject({ status: 202 });
    await build();
    expect(await etagOf("mt-yolov6")).not.toBe(await etagOf("yolov8"));
  });

  test("is 409 while the version is generated, and of one that failed 409 with the reason", async () => {
    expect(await ask("folder", await buildVersion(world, project, { status: "GENERATING" }))).toMatchObject({
      status: 409,
      body: { code: "not_ready" },
    });
    rmSync(path.join(storeFolder(), versionPrefix(version.id), "images"), { recursive: true });
    await ask();
    await build();
    expect(await ask()).toMatchObject({ status: 409, body: { code: "export_failed", reason: "files_damaged" } });
  });

  test("is 405 as HEAD, which may change nothing", async () => {
    expect(
      await call("HEAD", `/${world.workspace.slug}/${project.slug}/${version.number}/folder`, { key }),
    ).toMatchObject({ status: 405 });
    expect(await prisma().export.count()).toBe(0);
  });

  test("is 404 for a version or project in Trash", async () => {
    await linkOf();
    const owner = await userContext(world);
    await trashVersion(owner, versionRef(world, project, version));
    expect(await ask()).toMatchObject({ status: 404, body: { code: "in_trash" } });
    await trashProject(owner, projectRef(world, project));
    expect(await ask()).toMatchObject({ status: 404, body: { code: "project_in_trash" } });
  });
});

describe("a link", () => {
  test("is refused when anything of it was changed, and says no more than that", async () => {
    const link = await linkOf();
    const token = link.split("/").at(-1)!;
    const [payload, signature] = token.split(".") as [string, string];
    const base = link.slice(0, -token.length);
    const other = Buffer.from(Buffer.from(payload, "base64url").toString().replace(/\d+$/, "9999999999")).toString(
      "base64url",
    );
    const flip = (text: string, at: number) => text.slice(0, at) + (text[at] === "A" ? "B" : "A") + text.slice(at + 1);
    const forged = createHmac(
      "sha256",
      Buffer.from(hkdfSync("sha256", "a secret of somebody else's", "", "reprieve download links", 32)),
    )
      .update(other)
      .digest("base64url");
    const plain = createHmac("sha256", "session-secret-of-the-tests").update(other).digest("base64url"); // the server's secret, used for something else
    const tokens = [
      `${other}.${signature}`,
      `${other}.${forged}`,
      `${other}.${plain}`,
      `${payload}.`,
      payload,
      "",
      ".",
      "..",
      `${payload}.${signature}.x`,
      `../${token}`,
      `${token}\0`,
      ` ${token}`,
    ];
    for (let at = 0; at < payload.length; at += 7) tokens.push(`${flip(payload, at)}.${signature}`);
    for (let at = 0; at < signature.length; at += 6) tokens.push(`${payload}.${flip(signature, at)}`);
    const last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".indexOf(signature.at(-1)!);
    tokens.push(
      `${payload}.${signature.slice(0, -1)}${"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"[last ^ 1]}`,
    ); // the same bits, written otherwise
    for (const changed of tokens) {
      const answer = await downloads.GET(new Request(base), { params: Promise.resolve({ token: changed }) });
      expect([answer.status, ((await answer.json()) as { code: string }).code], changed).toEqual([404, "not_found"]);
    }
    expect((await follow(link)).status).toBe(200);
  });

  test("works for 15 minutes of the database's clock", async () => {
    await linkOf();
    const { id } = await prisma().export.findFirstOrThrow();
    const now = await userContext(world);
    expect((await follow(linkTo(later(now, -14 * 60_000), "zip", id))).status).toBe(200);
    expect(await refusal(linkTo(later(now, -15 * 60_000 - 1_000), "zip", id))).toMatchObject({
      status: 404,
      code: "not_found",
    });
  });

  test("dies while the version or its project is in Trash, lives again after the restore, and is dead for good after the purge", async () => {
    const link = await linkOf();
    const owner = await userContext(world);
    await trashVersion(owner, versionRef(world, project, version));
    expect(await refusal(link)).toMatchObject({ status: 404, code: "in_trash" });
    await restoreVersion(owner, trashedVersionRef(world, project, version));
    await trashProject(owner, projectRef(world, project));
    expect(await refusal(link)).toMatchObject({ status: 404, code: "project_in_trash" });
    expect((await follow(link, "HEAD")).status).toBe(404);
    await restoreProject(owner, trashedProjectRef(world, project));
    expect((await follow(link)).status).toBe(200);

    await trashVersion(owner, versionRef(world, project, version));
    await purgeItem(owner, itemRef(world, "VERSION", version), UNBOUNDED);
    expect(await refusal(link)).toMatchObject({ status: 404, code: "not_found" }); // its files may still lie there
  });

  test("to a zip that the store lost has it made anew", async () => {
    const link = await linkOf();
    rmSync(path.join(storeFolder(), versionPrefix(version.id), "exports"), { recursive: true });
    expect(await refusal(link)).toMatchObject({ status: 409, code: "not_ready" });
    expect(await ask()).toMatchObject({ status: 202 });
    expect(await build()).toEqual({ built: 1, failed: 0 });
    expect((await follow(link)).status).toBe(200);
  });

  test("that broke off half way is taken up by a fresh one, to the same bytes", async () => {
    const whole = Buffer.from(await (await follow(await linkOf())).arrayBuffer());
    const half = whole.length >> 1;
    const first = await follow(await linkOf());
    const reader = first.body!.getReader();
    const got = Buffer.from((await reader.read()).value!).subarray(0, half);
    await reader.cancel();

    const etag = first.headers.get("etag")!;
    const rest = await follow(await linkOf(), "GET", { range: `bytes=${half}-`, "if-range": etag });
    expect([rest.status, rest.headers.get("etag")]).toEqual([206, etag]);
    expect(rest.headers.get("content-range")).toBe(`bytes ${half}-${whole.length - 1}/${whole.length}`);
    expect(rest.headers.get("content-length")).toBe(String(whole.length - half));
    expect(Buffer.concat([got, Buffer.from(await rest.arrayBuffer())]).equals(whole)).toBe(true);

    const head = await follow(await linkOf(), "HEAD", { range: `bytes=${half}-` });
    expect([head.status, head.headers.get("content-length")]).toEqual([200, String(whole.length)]);
    const beyond = await follow(await linkOf(), "GET", { range: `bytes=${whole.length}-` });
    expect([beyond.status, beyond.headers.get("content-range"), await beyond.text()]).toEqual([
      416,
      `bytes */${whole.length}`,
      "",
    ]);
    // made anew, it is another file: then the whole is sent
    rmSync(path.join(storeFolder(), versionPrefix(version.id), "exports"), { recursive: true });
    await follow(await linkOf());
    await build();
    const anew = await follow(await linkOf(), "GET", { range: `bytes=${half}-`, "if-range": etag });
    expect([anew.status, Buffer.from(await anew.arrayBuffer()).equals(whole)]).toEqual([200, true]);
    expect((await follow(await linkOf(), "GET", { "if-match": etag })).status).toBe(412);
  });

  test("whose reader goes away lets the file go", async () => {
    const answer = await follow(await linkOf());
    await answer.body!.cancel();
    expect((await ask()).status).toBe(200);
  });
});
