import { describe, expect, it } from "vitest";
import { z } from "zod";
import { DomainError } from "@/lib/domain/errors";
import { describeRequest, door, withoutBody } from "./door";
import { CALLERS, defineOperation, NO_BODY, NOTHING } from "./operation";

const operation = defineOperation({
  id: "test",
  tag: "Test",
  summary: "Test",
  method: "GET",
  path: "/{workspace}",
  caller: CALLERS.byEverybody,
  params: NOTHING,
  query: NOTHING,
  body: NO_BODY,
  answer: z.strictObject({ count: z.number() }),
  refusals: [],
});

const open = (body: unknown) =>
  door(operation, async () => ({ status: 200, body })).open(new Request("http://test/acme?api_key=rp_secret"), {
    params: Promise.resolve({ workspace: "acme" }),
  });

describe("a door", () => {
  it("lets out what the operation's schema knows, and throws in tests at anything else", async () => {
    expect((await open({ count: 1 })).status).toBe(200);
    await expect(open({ count: "1" })).rejects.toThrow();
    await expect(open({ count: 1, secret: true })).rejects.toThrow();
  });

  it("turns whatever is thrown into an answer without a stack", async () => {
    const failing = door(operation, () => Promise.reject(new Error("the inside of things")));
    const response = await failing.open(new Request("http://test/"), { params: Promise.resolve({}) });
    expect(response.status).toBe(500);
    expect(await response.json()).toEqual({
      error: expect.any(String),
      code: "internal",
      requestId: response.headers.get("x-request-id"),
    });
  });

  it("refuses in the form of its operation, whatever is thrown before that begins", async () => {
    const failing = door({ ...operation, errors: "object" }, () => Promise.reject(new DomainError("busy", "Busy.")));
    const response = await failing.open(new Request("http://test/"), { params: Promise.resolve({}) });
    expect([response.status, response.headers.get("retry-after"), await response.json()]).toEqual([
      503,
      "5",
      {
        error: { message: "Busy.", code: "busy" },
        message: "Busy.",
        code: "busy",
        requestId: response.headers.get("x-request-id"),
      },
    ]);
  });

  it("logs the pattern of the path and the id of the key: no URL, no key, no slug", () => {
    const line = describeRequest({
      method: "GET",
      route: operation.path,
      status: 200,
      startedAt: performance.now(),
      requestId: "r",
      actor: {
        type: "API_KEY",
        keyId: "k",
        userId: "u",
        name: "Ada",
        scopes: [],
        memberships: [{ workspaceId: "w", slug: "acme", name: "Acme", role: "OWNER" }],
      },
    });
    expect(line).toEqual({
      method: "GET",
      route: "/{workspace}",
      status: 200,
      requestId: "r",
      ms: expect.any(Number),
      actor: "API_KEY",
      keyId: "k",
    });
  });
});

it("lets go of the body that a HEAD leaves out", async () => {
  const cancelled = await new Promise((resolve) => {
    const body = new ReadableStream({ cancel: () => resolve(true) });
    expect(withoutBody(new Response(body, { status: 206, headers: { etag: '"a"' } })).status).toBe(206);
  });
  expect(cancelled).toBe(true);
});
