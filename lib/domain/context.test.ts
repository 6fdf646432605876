import { expect, test } from "vitest";
import { buildMember, buildWorld, userContext } from "@/lib/testing/builders";
import { keyContext } from "@/lib/testing/lifecycle";
import { describeActor, personId, systemContext } from "./context";

test("what a key does is recorded as the key's, and the person behind it is named", async () => {
  const world = await buildWorld();
  const editor = await buildMember(world, "EDITOR");
  const { actor } = await keyContext(world, { userId: editor.id });
  expect(actor.type).toBe("API_KEY");
  expect(describeActor(actor)).toMatchObject({ actorType: "API_KEY", userId: editor.id });
  expect(describeActor(actor).actorId).not.toBe(editor.id);
  expect(personId(actor)).toBe(editor.id);
  const person = (await userContext(world, { user: editor, role: "EDITOR" })).actor;
  expect([describeActor(person).actorId, personId(person)]).toEqual([editor.id, editor.id]);
});

test("a job of ours stands behind itself, and is a member of nothing unless it works for one workspace", async () => {
  const { actor } = await systemContext("purge-expired");
  expect(describeActor(actor)).toEqual({
    actorType: "SYSTEM",
    actorId: "purge-expired",
    actorName: "purge-expired",
    userId: null,
  });
  expect([personId(actor), actor.memberships]).toEqual(["purge-expired", []]);
  const membership = { workspaceId: "w", slug: "acme", name: "Acme", role: "OWNER" } as const;
  expect((await systemContext("admin", { membership })).actor.memberships).toEqual([membership]);
});

test("two acts of one job are two requests", async () => {
  const now = new Date("2026-05-01T10:00:00Z");
  const [first, second] = [await systemContext("x", { now }), await systemContext("x", { now })];
  expect([first.now, second.now]).toEqual([now, now]);
  expect(first.requestId).not.toBe(second.requestId);
});
