import { buffer } from "node:stream/consumers";
import { deflateRawSync } from "node:zlib";
import sharp from "sharp";
import { beforeEach, expect, test, vi } from "vitest";
import type { Context } from "@/lib/domain/context";
import { zipStream } from "@/lib/engine/zip";
import { buildProject, buildVersion, buildWorld, userContext, type World } from "@/lib/testing/builders";
import { versionRef } from "@/lib/testing/lifecycle";
import { endlessOnnx, hungryOnnx, linearOnnx, namesOf, yolov8Output } from "@/lib/testing/onnx";
import { script } from "@/lib/testing/onnx-script";
import { pidsOf } from "@/lib/testing/processes";
import { sent } from "@/lib/testing/sent";
import { predict } from "@/lib/work/inference/inference";
import { dropModels } from "@/lib/work/inference/onnx";
import { handInModel } from "./hand-in";

/* What is large or hostile: refused or served, and this process is unharmed. */

// a limit that takes a third of the time to go beyond
vi.hoisted(() => (process.env["MAX_WEIGHTS_MB"] = "320"));

let world: World;
let project: Awaited<ReturnType<typeof buildProject>>;
let version: Awaited<ReturnType<typeof buildVersion>>;
let owner: Context;

beforeEach(async () => {
  world = await buildWorld();
  project = await buildProject(world, { type: "OBJECT_DETECTION" });
  version = await buildVersion(world, project);
  owner = await userContext(world);
});

const ref = () => versionRef(world, project, version);
const outputs = [yolov8Output([[16, 16, 8, 4, 0.9]])];
const MEGABYTE = 1024 ** 2;
const LIMIT = 320 * MEGABYTE;

test("a file of 300 MB is taken and answers, and memory holds a few chunks of it", async () => {
  const bytes = linearOnnx({ outputs, ballastBytes: 300 * MEGABYTE, metadata: namesOf("hat") });
  const before = process.memoryUsage.rss();
  let most = before;
  const watching = setInterval(() => (most = Math.max(most, process.memoryUsage.rss())), 20);
  expect(await handInModel(owner, ref(), {}, sent(bytes))).toMatchObject({ servable: true, sizeBytes: bytes.length });
  const image = await sharp({ create: { width: 64, height: 64, channels: 3, background: "red" } }).png().toBuffer(); // prettier-ignore
  expect((await predict(owner, ref(), image, { confidence: 0.4 })).predictions).toMatchObject([{ class: "hat" }]);
  clearInterval(watching);
  expect(most - before).toBeLessThan(150 * MEGABYTE);
}, 300_000);

test("a zip that would unpack to more than may be handed in is refused before it is, whatever it says of itself", async () => {
  const zeros = await buffer(
    zipStream([{ path: "model.onnx", open: async () => Buffer.alloc(LIMIT + 1), sizeBytes: LIMIT + 1, deflate: true }]),
  );
  const startedAt = performance.now();
  await expect(handInModel(owner, ref(), {}, sent(zeros))).rejects.toMatchObject({
    code: "invalid_input",
    publicMessage: expect.stringMatching(/larger than 320 MB/) as string,
  });
  expect(performance.now() - startedAt).toBeLessThan(10_000);
  // one that lies: says ten bytes, and has a hundred million
  const lying = lieAbout(deflateRawSync(Buffer.alloc(100_000_000)), 10);
  await expect(handInModel(owner, ref(), {}, sent(lying))).rejects.toMatchObject({
    code: "invalid_input",
    publicMessage: expect.stringMatching(/broken, or larger than the zip says/) as string,
  });
}, 300_000);

test("a model that never comes back and one that wants ten gigabytes are refused with a sentence", async () => {
  await expect(handInModel(owner, ref(), {}, sent(hungryOnnx(10 * 1024 * MEGABYTE)))).rejects.toMatchObject({
    code: "invalid_input",
    publicMessage: expect.stringMatching(/memory|cannot be run/) as string,
  });
  await expect(handInModel(owner, ref(), {}, sent(endlessOnnx()))).rejects.toMatchObject({
    code: "invalid_input",
    publicMessage: expect.stringMatching(/took longer than 60 s to be loaded and run, and was stopped/) as string,
  });
  dropModels();
  await expect.poll(() => pidsOf(script), { timeout: 10_000 }).toEqual([]);
}, 300_000);

/** A zip of one deflated entry, model.onnx, that declares a size of its own. */
function lieAbout(deflated: Buffer, sizeBytes: number): Buffer {
  const name = Buffer.from("model.onnx");
  const local = Buffer.alloc(30);
  local.writeUInt32LE(0x04034b50, 0);
  local.writeUInt16LE(20, 4);
  local.writeUInt16LE(8, 8);
  local.writeUInt32LE(deflated.length, 18);
  local.writeUInt32LE(sizeBytes, 22);
  local.writeUInt16LE(name.length, 26);
  const central = Buffer.alloc(46);
  central.writeUInt32LE(0x02014b50, 0);
  central.writeUInt16LE(20, 4);
  central.writeUInt16LE(20, 6);
  central.writeUInt16LE(8, 10);
  central.writeUInt32LE(deflated.length, 20);
  central.writeUInt32LE(sizeBytes, 24);
  central.writeUInt16LE(name.length, 28);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(central.length + name.length, 12);
  end.writeUInt32LE(local.length + name.length + deflated.length, 16);
  return Buffer.concat([local, name, deflated, central, name, end]);
}
