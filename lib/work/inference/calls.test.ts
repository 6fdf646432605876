import { beforeEach, describe, expect, test } from "vitest";
import type { Context } from "@/lib/domain/context";
import { listModels, type ModelRef } from "@/lib/domain/trainings";
import { buildProject, buildWorld, userContext, type World } from "@/lib/testing/builders";
import { connectSecond } from "@/lib/testing/database";
import { later, versionRef } from "@/lib/testing/lifecycle";
import { solid } from "@/lib/testing/pixels";
import { storeServingVersion } from "@/lib/testing/served-model";
import { predict } from "./inference";
import { countCall, writeModelCalls } from "./calls";

let world: World;
let project: Awaited<ReturnType<typeof buildProject>>;
let version: Awaited<ReturnType<typeof storeServingVersion>>;
let owner: Context;
let image: Buffer;

beforeEach(async () => {
  world = await buildWorld();
  project = await buildProject(world);
  version = await storeServingVersion(world, project);
  owner = await userContext(world);
  image = await solid(28, 28).png().toBuffer();
});

const byVersion = () => versionRef(world, project, version);
const bySlug = () => ({ workspaceSlug: world.workspace.slug, modelSlug: version.model.slug });
const ask = (image: Buffer, ref: ModelRef = byVersion()) => predict(owner, ref, image, { confidence: 0.4 });

describe("calls", () => {
  const shown = async () => (await listModels(owner, byVersion())).map(({ calls }) => calls);

  test("that were answered are counted, those refused are not, and nothing is written on their own time", async () => {
    await writeModelCalls();
    await ask(image);
    await ask(image, bySlug());
    await expect(ask(Buffer.from("x"))).rejects.toMatchObject({ code: "unreadable_image" });
    expect(await shown()).toEqual([0]);
    await writeModelCalls();
    expect(await shown()).toEqual([2]);
    await writeModelCalls();
    expect(await shown()).toEqual([2]);
  });

  test("that the database does not take now are written the next time", async () => {
    await writeModelCalls();
    const other = await connectSecond();
    await other.query("begin");
    await other.query("lock table model_calls in access exclusive mode");
    countCall(version.model.id, owner.now);
    const written = writeModelCalls();
    await other.untilWaiting(1);
    countCall(version.model.id, owner.now); // meanwhile
    await other.query(
      "select pg_cancel_backend(pid) from pg_locks where relation = 'model_calls'::regclass and not granted",
    );
    await written; // throws nothing
    await other.query("rollback");
    await other.end();
    await writeModelCalls();
    expect(await shown()).toEqual([2]);
    countCall(version.model.id, later(owner, -1000).now);
    await writeModelCalls();
    expect(await shown()).toEqual([3]);
  });
});
