import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { systemContext } from "@/lib/domain/context";
import { eraseFiles, purgeItem, trashVersion } from "@/lib/domain/trash";
import { prisma, query } from "@/lib/platform/db";
import { buildProject, buildWorld, userContext, type World } from "@/lib/testing/builders";
import { describeFences } from "@/lib/testing/fence-rounds";
import { itemRef, projectRef, storeFolder, UNBOUNDED, versionRef } from "@/lib/testing/lifecycle";
import { buildPausedWriters } from "@/lib/testing/pause";
import { uploadDigits } from "@/lib/testing/real-version";
import { generateVersionNow } from "@/lib/work/versions/generator";
import { generateVersion } from "@/lib/work/versions/plan";

async function left(prefix: string, what?: "files"): Promise<string[]> {
  const place = path.join(storeFolder(), prefix);
  if (!existsSync(place)) return [];
  const found = readdirSync(place, { recursive: true, withFileTypes: true, encoding: "utf8" });
  return what === "files"
    ? found.filter((one) => one.isFile()).map(({ name }) => name)
    : [".", ...found.map(({ name }) => name)];
}

const ALL = process.env["FENCES"] === "all";

describeFences({
  left,
  kinds: ["mkdir", "open", "rename", "rmdir"],
  askingStepsEach: ALL ? 1 : 24, // all of them take many minutes more
  roundsAtOnce: 2,
});

const IMAGES = 3;
let world: World;
let project: Awaited<ReturnType<typeof buildProject>>;
let writers: Awaited<ReturnType<typeof buildPausedWriters>>;
beforeAll(async () => {
  writers = await buildPausedWriters();
  world = await buildWorld();
  project = await buildProject(world);
  await uploadDigits(world, project, IMAGES);
});
afterAll(() => writers.remove());

const ctx = () => userContext(world);
const job = () => systemContext("test");
const begin = async () =>
  generateVersion(await ctx(), projectRef(world, project), {
    preprocessing: {},
    augmentation: {},
    splits: null,
    seed: 7,
  });

test("an eraser that dies at any step leaves a receipt whose counts are right all the same", async () => {
  const purged = async () => {
    const version = await begin();
    await generateVersionNow(await job(), version.id);
    await trashVersion(await ctx(), versionRef(world, project, version));
    await purgeItem(await ctx(), itemRef(world, "VERSION", version), UNBOUNDED);
    return version;
  };
  const steps = await writers.listSteps("erase", (await purged(), {}));
  for (let step = 1; step <= steps.length; step += ALL ? 1 : 3) {
    const version = await purged();
    const one = await writers.pauseAt("erase", {}, { step, then: "die" }, async () => {});
    await query({ text: "update purge_receipts set next_attempt_at = null where verified_at is null" }, []);
    await eraseFiles(await job(), UNBOUNDED);
    const receipt = await prisma().purgeReceipt.findFirstOrThrow({ where: { itemId: version.id } });
    expect(receipt, `died after step ${step}, ${one?.stood}`).toMatchObject({
      removedFiles: IMAGES + 1,
      removedBytes: receipt.expectedBytes,
      lateFiles: 0,
      verifiedAt: expect.any(Date),
    });
    expect(await left(`versions/${version.id}/`)).toEqual([]);
  }
}, 600_000);
