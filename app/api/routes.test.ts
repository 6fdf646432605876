import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { NOT_SUPPORTED } from "@/lib/doors/not-supported";
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
    const refused = JSON.stringify(paths["/dataset/{project}/upload"]?.["post"]?.responses["404"]);
    expect(refused).toContain("#/components/schemas/UploadError");
    expect(JSON.stringify(trashVersion?.responses["404"])).toContain("#/components/schemas/Error");
    expect(JSON.stringify(await documentOf())).not.toMatch(/"\$ref":"#\/components\/schemas\/undefined/);
  });
});

describe("methods", () => {
  it("are JSON 405, or 404 by the table of what is not supported, with Allow where a path does not have them, whoever asks", async () => {
    for (const route of routes) {
      const allow = allowed((await call("OPTIONS", example(route.path))).headers);
      for (const method of METHODS) {
        if (allow.includes(method)) continue;
        const answer = await call(method, example(route.path));
        const [status, code] = route.path in NOT_SUPPORTED ? [404, "not_supported"] : [405, "method_not_allowed"];
        expect(answer.status, `${method} ${route.path}`).toBe(status);
        expect(allowed(answer.headers)).toEqual(allow);
        if (method !== "HEAD") expect(answer.body).toMatchObject({ code });
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

describe("words that are no projects", () => {
  /** A row's path as somebody may ask for it, and what may lie below it. */
  const examples = (row: string): string[] => {
    const path = row.replace("{version}", "1").replace(/\{(\w+)\}/g, "$1-slug");
    return [path, `${path}/x`, `${path}/x/y`, `${path}/x/y/z`];
  };
  const isRefused = async (path: string, sentence: string): Promise<boolean> => {
    const answers = await Promise.all(METHODS.map((method) => call(method, path, { key: "rp_nobody" })));
    return answers.every(
      ({ status, body }) => status === 404 && (body === null || (body as { error: string }).error === sentence),
    );
  };

  it.each(Object.entries(NOT_SUPPORTED))(
    "%s is 404 not_supported for every method, unless an operation is there",
    async (row, sentence) => {
      const refused = await Promise.all(examples(row).map((path) => isRefused(path, sentence)));
      expect(refused, `operations serve all of ${row}: take its row out`).toContain(true);
      expect((await call("GET", `${examples(row)[0]}/nothing/is/here`)).body).toMatchObject({ code: "not_supported" });
    },
  );
});

describe("paths that nobody serves", () => {
  it.each(METHODS)("are JSON 404 for %s", async (method) => {
    for (const path of ["/a/b/c/d/e", "/a/b/1/v2/trainings/get/x", "/a/b/c/d/e/f/g/h"])
      expect((await call(method, path)).status).toBe(404);
  });
});
