import { beforeEach, describe, expect, test } from "vitest";
import { prisma } from "@/lib/platform/db";
import { buildProject, buildTraining, buildVersion, buildWorld, userContext, type World } from "@/lib/testing/builders";
import {
  auditedActions,
  DAY_MS,
  later,
  outcomeOf,
  projectRef,
  RETENTION_MS,
  trashedProjectRef,
  trashedVersionRef,
  versionRef,
} from "@/lib/testing/lifecycle";
import { type Context } from "@/lib/domain/context";
import { getVersion } from "@/lib/domain/versions";
import { getProject, getWorkspace } from "@/lib/domain/projects";
import { listTrash, restoreProject, restoreVersion, trashProject, trashVersion } from "@/lib/domain/trash";

const NOON = new Date("2026-05-01T12:00:00.123Z");

let world: World;
let project: Awaited<ReturnType<typeof buildProject>>;
let owner: Context;

beforeEach(async () => {
  world = await buildWorld();
  project = await buildProject(world);
  owner = await userContext(world, { now: NOON });
});

const versionRow = (id: string) => prisma().version.findUniqueOrThrow({ where: { id } });
const projectRow = (id: string) => prisma().project.findUniqueOrThrow({ where: { id } });
const trainingRow = (id: string) => prisma().training.findUniqueOrThrow({ where: { id } });

describe("a project", () => {
  test("moved to Trash hides its versions without touching them, and comes back with exactly those that were live", async () => {
    const [live, earlier] = [await buildVersion(world, project), await buildVersion(world, project)];
    await trashVersion(owner, versionRef(world, project, earlier));
    const before = {
      project: await projectRow(project.id),
      versions: await Promise.all([live, earlier].map(({ id }) => versionRow(id))),
    };
    const at = later(owner, 10 * DAY_MS);

    expect(await trashProject(at, projectRef(world, project))).toMatchObject({
      outcome: "trashed",
      deletedAt: at.now,
      purgeAfter: new Date(at.now.getTime() + RETENTION_MS),
    });
    expect((await getWorkspace(owner, world.workspace.slug)).projects).toEqual([]);
    expect(await outcomeOf(getProject(owner, projectRef(world, project)))).toBe("in_trash");
    expect(await outcomeOf(getVersion(owner, versionRef(world, project, live)))).toBe("project_in_trash");
    expect(await outcomeOf(trashVersion(owner, versionRef(world, project, live)))).toBe("project_in_trash");
    await expect(restoreVersion(owner, trashedVersionRef(world, project, earlier))).rejects.toMatchObject({
      code: "parent_in_trash",
      publicMessage: expect.stringContaining("Restore the project first"),
    });
    expect(await outcomeOf(restoreVersion(owner, trashedVersionRef(world, project, live)))).toBe("parent_in_trash");
    expect(
      (await listTrash(owner, { workspaceSlug: world.workspace.slug })).items.map(({ type, id, blockedBy }) => ({
        type,
        id,
        blockedBy,
      })),
    ).toEqual([
      { type: "PROJECT", id: project.id, blockedBy: null },
      { type: "VERSION", id: earlier.id, blockedBy: "PROJECT" },
    ]);

    expect(await restoreProject(at, trashedProjectRef(world, project))).toEqual({
      outcome: "restored",
      id: project.id,
      name: project.name,
    });
    expect({
      project: await projectRow(project.id),
      versions: await Promise.all([live, earlier].map(({ id }) => versionRow(id))),
    }).toEqual(before);
    expect((await getProject(owner, projectRef(world, project))).versions.map((v) => v.number)).toEqual([live.number]);
    expect(await outcomeOf(restoreVersion(at, trashedVersionRef(world, project, earlier)))).toBe("restored");
  });

  test("cancels every active training in it, and they stay cancelled after the restore", async () => {
    const [one, two] = [await buildVersion(world, project), await buildVersion(world, project)];
    const elsewhere = await buildTraining(world, await buildVersion(world, await buildProject(world)));
    const trainings = [
      await buildTraining(world, one),
      await buildTraining(world, one, { status: "FINISHED" }),
      await buildTraining(world, two, { status: "RUNNING" }),
    ];
    expect(await trashProject(owner, projectRef(world, project))).toMatchObject({ cancelledTrainings: ["1.1", "2.1"] });
    await restoreProject(owner, trashedProjectRef(world, project));
    expect(await Promise.all(trainings.map(async ({ id }) => (await trainingRow(id)).status))).toEqual([
      "CANCELLED",
      "FINISHED",
      "CANCELLED",
    ]);
    expect((await trainingRow(elsewhere.id)).status).toBe("QUEUED");
  });

  test("deleted again or restored again changes and records nothing", async () => {
    const first = await trashProject(owner, projectRef(world, project));
    const row = await projectRow(project.id);
    expect(await trashProject(later(owner, DAY_MS), projectRef(world, project))).toEqual({
      outcome: "already_in_trash",
      id: project.id,
      name: project.name,
      deletedAt: first.deletedAt,
      purgeAfter: first.purgeAfter,
    });
    expect(await projectRow(project.id)).toEqual(row);
    await restoreProject(later(owner, 1), trashedProjectRef(world, project));
    expect(await outcomeOf(restoreProject(later(owner, 2), trashedProjectRef(world, project)))).toBe("already_active");
    expect(await auditedActions(world)).toEqual(["project.trashed", "project.restored"]);
  });

  test("of another workspace is not found", async () => {
    const stranger = await userContext(await buildWorld());
    const own = stranger.actor.memberships[0]!.slug;
    expect(await outcomeOf(trashProject(stranger, projectRef(world, project)))).toBe("not_found");
    expect(await outcomeOf(trashProject(stranger, { workspaceSlug: own, projectSlug: project.slug }))).toBe(
      "not_found",
    );
    expect(await outcomeOf(restoreProject(stranger, { workspaceSlug: own, projectId: project.id }))).toBe("not_found");
    expect(await projectRow(project.id)).toEqual(project);
  });
});
