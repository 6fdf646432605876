import sharp from "sharp";
import { beforeEach, describe, expect, test } from "vitest";
import type { Context } from "@/lib/domain/context";
import { buildProject, buildVersion, buildWorld, userContext, type World } from "@/lib/testing/builders";
import { versionRef } from "@/lib/testing/lifecycle";
import { linearOnnx, namesOf, yolov8Output } from "@/lib/testing/onnx";
import { script } from "@/lib/testing/onnx-script";
import { pidsOf } from "@/lib/testing/processes";
import { sent } from "@/lib/testing/sent";
import { handInModel } from "@/lib/work/models/hand-in";
import { predict, type BoxAnswer, type Wanted } from "./inference";
import { dropModels } from "./onnx";

let world: World;
let project: Awaited<ReturnType<typeof buildProject>>;
let owner: Context;

beforeEach(async () => {
  dropModels();
  world = await buildWorld();
  project = await buildProject(world, { type: "OBJECT_DETECTION" });
  owner = await userContext(world);
});

const rows = [
  [16, 16, 8, 4, 0.9, 0.1],
  [17, 16, 8, 4, 0.8, 0.1],
  [16, 16, 8, 4, 0.1, 0.7],
];
const onnx = linearOnnx({ outputs: [yolov8Output(rows)], metadata: namesOf("hat", "vest") });

async function serve() {
  const version = await buildVersion(world, project);
  await handInModel(owner, versionRef(world, project, version), {}, sent(onnx));
  return version;
}
const ask = (version: { number: number }, image: Buffer, wanted: Partial<Wanted> = {}) =>
  predict(owner, versionRef(world, project, version), image, { confidence: 0.4, ...wanted }) as Promise<BoxAnswer>;
const image = (width: number, height: number) =>
  sharp({ create: { width, height, channels: 3, background: "#204060" } }).png().toBuffer(); // prettier-ignore

describe("models in memory", () => {
  test("are at most four, each in a process of its own; the longest unused goes, and comes back when it is asked", async () => {
    const versions = [];
    for (let n = 0; n < 5; n++) versions.push(await serve());
    const shown = await image(64, 64);
    const first = await Promise.all(versions.slice(0, 3).map((version) => ask(version, shown)));
    for (const version of versions.slice(3)) await ask(version, shown);
    await expect.poll(() => pidsOf(script)).toHaveLength(4);
    expect((await ask(versions[0]!, shown)).predictions).toEqual(first[0]!.predictions);
    await expect.poll(() => pidsOf(script)).toHaveLength(4);
  });

  test("whose process is killed refuse that call with a sentence, rest, and answer again", async () => {
    const version = await serve();
    const shown = await image(64, 64);
    await ask(version, shown);
    const [pid] = await pidsOf(script);
    process.kill(pid!, "SIGKILL");
    await expect.poll(() => pidsOf(script)).toEqual([]);
    await expect(ask(version, shown)).rejects.toMatchObject({
      code: "not_servable",
      publicMessage: expect.stringMatching(/did not answer.*SIGKILL/) as string,
    });
    await expect(ask(version, shown)).rejects.toMatchObject({ code: "not_servable" });
    dropModels(); // as ten seconds do
    expect((await ask(version, shown)).predictions).toHaveLength(2);
  });
});
