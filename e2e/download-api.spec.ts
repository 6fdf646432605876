import { request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { buffer } from "node:stream/consumers";
import { Uint8ArrayReader, ZipReader } from "@zip.js/zip.js";
import { buildApiKey, buildProject } from "@/lib/testing/builders";
import { photo } from "@/lib/testing/pixels";
import { expect, test } from "./fixtures";

/** What arrives on the wire, with no client's help. */
function ask(
  url: string,
  method: string,
  sentHeaders: Record<string, string> = {},
): Promise<{ status: number; headers: IncomingHttpHeaders; body: Buffer }> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(url, { method, headers: sentHeaders }, (answer) => {
      buffer(answer).then((body) => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body }), reject);
    });
    sent.on("error", reject).end();
  });
}

const json = ({ status, body }: { status: number; body: Buffer }) => ({
  status,
  ...(JSON.parse(body.toString()) as Record<string, unknown>),
});

test("a program uploads, generates and downloads: the link's answer has its length, and HEAD tells it; of a trashed version it is 404", async ({
  world,
  baseURL,
}) => {
  test.slow();
  const project = await buildProject(world);
  const key = await buildApiKey(world);
  const api = `${baseURL!}/api`;
  const version = `${api}/${world.workspace.slug}/${project.slug}/1`;
  for (const name of ["a.png", "b.png"]) {
    const form = new FormData();
    form.set("name", name);
    form.set("split", "train");
    form.set("file", new Blob([new Uint8Array(await photo(64 + name.charCodeAt(0), 48))]), name);
    expect(
      (await fetch(`${api}/dataset/${project.slug}/upload?api_key=${key}`, { method: "POST", body: form })).status,
    ).toBe(200);
  }
  const generate = await fetch(`${api}/${world.workspace.slug}/${project.slug}/generate?api_key=${key}`, {
    method: "POST",
    body: JSON.stringify({ preprocessing: {}, augmentation: {} }),
    headers: { "content-type": "application/json" },
  });
  expect(await generate.json()).toMatchObject({ version: 1 });

  let link = "";
  await expect(async () => {
    const { status, body } = await ask(`${version}/folder?api_key=${key}&nocache=true`, "GET");
    expect(status).toBe(200);
    link = (JSON.parse(body.toString()) as { export: { link: string } }).export.link;
    expect(link).toContain("/api/downloads/");
  }).toPass({ timeout: 60_000, intervals: [250] });

  const zip = await ask(link, "GET");
  expect(zip).toMatchObject({
    status: 200,
    headers: {
      "content-type": "application/zip",
      "content-length": String(zip.body.length),
      "content-disposition": expect.stringContaining(`${project.slug}-v1.folder.zip`),
    },
  });
  expect(zip.headers["transfer-encoding"]).toBeUndefined();
  const entries = await new ZipReader(new Uint8ArrayReader(zip.body)).getEntries();
  expect(entries.filter(({ filename }) => filename.startsWith("train/"))).toHaveLength(2);
  const head = await ask(link, "HEAD");
  expect([head.status, head.headers["content-length"], head.body.length]).toEqual([
    200,
    zip.headers["content-length"],
    0,
  ]);
  const rest = await ask(link, "GET", { Range: "bytes=100-", "If-Range": String(zip.headers.etag) });
  expect([rest.status, rest.headers["content-length"], rest.headers["content-range"]]).toEqual([
    206,
    String(zip.body.length - 100),
    `bytes 100-${zip.body.length - 1}/${zip.body.length}`,
  ]);
  expect(rest.body.equals(zip.body.subarray(100))).toBe(true);
  expect((await ask(link, "GET", { Range: `bytes=${zip.body.length}-` })).status).toBe(416);
  expect(json(await ask(`${link.slice(0, -1)}${link.endsWith("A") ? "B" : "A"}`, "GET"))).toMatchObject({
    status: 404,
    code: "not_found",
  });
  expect(json(await ask(link, "POST"))).toMatchObject({ status: 405, code: "method_not_allowed" });

  expect((await ask(`${version}?api_key=${key}`, "DELETE")).status).toBe(200);
  expect(json(await ask(link, "GET"))).toMatchObject({ status: 404, code: "in_trash" });
});
