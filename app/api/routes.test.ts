import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { allOperations, operations } from "@/lib/doors/operations";
import { call, listRouteFiles, METHODS } from "./_test/call-api";

const routes = listRouteFiles().filter((route) => !route.path.includes("{..."));
const allowed = (headers: Headers): string[] => (headers.get("allow") ?? "").split(", ");
const example = (path: string): string => path.replace(/\{\w+\}/g, "1");

async function documentOf(): Promise<{
  paths: Record<
    string,
    Record<string, { operationId: string; responses: Record<string, unknown>; security: unknown[] }>
  >;
}> {
  const { status, body } = await call("GET", "/openapi.json");
  expect(status).toBe(200);
  return body as Awaited<ReturnType<typeof documentOf>>;
}

describe("the table of operations", () => {
  it("has exactly the paths and methods that the route files serve", async () => {
    const served = await Promise.all(
      routes.map(async (route) => {
        const { headers } = await call("OPTIONS", example(route.path));
        return allowed(headers)
          .filter((method) => method !== "HEAD" && method !== "OPTIONS")
          .map((method) => `${method} ${route.path}`);
      }),
    );
    expect(served.flat().sort()).toEqual(allOperations.map(({ method, path }) => `${method} ${path}`).sort());
  });

  it("is what each route file performs: it names its own operations and no other", () => {
    for (const route of routes) {
      const named = [...readFileSync(route.file, "utf8").matchAll(/operations\.(\w+)/g)].map(([, name]) => name).sort();
      const own = Object.entries(operations)
        .flatMap(([name, operation]) => (operation.path === route.path ? name : []))
        .sort();
      expect(named, route.path).toEqual(own);
    }
  });

  it("names each operation once and takes every parameter of its path", () => {
    expect(new Set(allOperations.map(({ id }) => id)).size).toBe(allOperations.length);
    for (const { id, path, params } of allOperations)
      expect(Object.keys(params.shape), id).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name));
  });

  it("is documented whole in openapi.json, with statuses and who may call", async () => {
    const { paths } = await documentOf();
    const documented = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { operationId }]) => `${operationId} ${method.toUpperCase()} ${path}`),
    );
    expect(documented.sort()).toEqual(allOperations.map(({ id, method, path }) => `${id} ${method} ${path}`).sort());
    const trashVersion = paths["/{workspace}/{project}/{version}"]?.["delete"];
    expect(Object.keys(trashVersion?.responses ?? {})).toEqual(["200", "401", "404", "422", "500", "503"]);
    expect(trashVersion?.security).toEqual([{ apiKey: [] }, { bearer: [] }]);
    expect(JSON.stringify(await documentOf())).not.toMatch(/"\$ref":"#\/components\/schemas\/undefined/);
  });
});

describe("methods", () => {
  it("are JSON 405 with Allow where a path does not have them, whoever asks", async () => {
    for (const route of routes) {
      const allow = allowed((await call("OPTIONS", example(route.path))).headers);
      for (const method of METHODS) {
        if (allow.includes(method)) continue;
        const answer = await call(method, example(route.path));
        expect(answer.status, `${method} ${route.path}`).toBe(405);
        expect(allowed(answer.headers)).toEqual(allow);
        if (method !== "HEAD") expect(answer.body).toMatchObject({ code: "method_not_allowed" });
      }
    }
  });

  it("OPTIONS is 204 and opens the API to no other origin", async () => {
    for (const route of routes) {
      const { status, headers } = await call("OPTIONS", example(route.path), {
        headers: { origin: "https://elsewhere.example", "access-control-request-method": "DELETE" },
      });
      expect(status).toBe(204);
      expect([...headers.keys()].filter((name) => name.startsWith("access-control"))).toEqual([]);
    }
  });

  it("HEAD is GET without its body", async () => {
    expect(await call("HEAD", "/health")).toMatchObject({ status: 200, body: null });
    expect(await call("HEAD", "/acme")).toMatchObject({ status: 401, body: null });
  });
});

describe("paths that nobody serves", () => {
  it.each(METHODS)("are JSON 404 for %s", async (method) => {
    for (const path of ["/a/b/c/d/e", "/a/b/1/v2/trainings/get/x", "/a/b/c/d/e/f/g/h"])
      expect((await call(method, path)).status).toBe(404);
  });
});
