import { readdirSync } from "node:fs";
import path from "node:path";
import { expect } from "vitest";

/*
 * Calls the exported methods of the route files as Next does, on the real database. Every answer that passes through
 * here is held to what all of them must keep.
 */

/** Route handlers of app/api, and the few routes of pages/api, which call theirs `methods`. */
const ROOT = path.resolve(import.meta.dirname, "..");
const PAGES = path.resolve(ROOT, "../../pages/api");

export const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const;
type MethodName = (typeof METHODS)[number];
type RouteModule = Record<MethodName, (request: Request, context: { params: Promise<object> }) => Promise<Response>>;

export interface RouteFile {
  /** As OpenAPI writes it: "/{workspace}/trash". */
  path: string;
  segments: string[];
  file: string;
  load: () => Promise<RouteModule>;
}

/** Every route file under app/api, save next-auth's own; the most specific first, as Next matches them. */
export const listRouteFiles = (): RouteFile[] => (routeFiles ??= readRouteFiles());
let routeFiles: RouteFile[] | undefined;

function readRouteFiles(): RouteFile[] {
  const files = readdirSync(ROOT, { recursive: true, encoding: "utf8" }).filter(
    (file) => path.basename(file) === "route.ts" && !file.startsWith(`auth${path.sep}`),
  );
  const rank = (segment: string): string =>
    (segment.startsWith("[...") ? "2" : segment.startsWith("[") ? "1" : "0") + segment;
  const order = (route: RouteFile): string => route.segments.map(rank).join("/");
  const pages = readdirSync(PAGES, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
  return [
    ...files.map((file) => describe(path.dirname(file), path.join(ROOT, file), (module: RouteModule) => module)),
    ...pages.map((file) =>
      describe(file.replace(/\.ts$/, ""), path.join(PAGES, file), (module: { methods: RouteModule }) => module.methods),
    ),
  ].sort((a, b) => (order(a) < order(b) ? -1 : 1));
}

function describe<Module>(name: string, file: string, methodsOf: (module: Module) => RouteModule): RouteFile {
  const segments = name === "." ? [] : name.split(path.sep);
  return {
    path: `/${segments.map((segment) => segment.replace(/^\[(.*)\]$/, "{$1}")).join("/")}`,
    segments,
    file,
    load: async () => methodsOf((await import(/* @vite-ignore */ file)) as Module),
  };
}

function match(route: RouteFile, segments: readonly string[]): Record<string, string | string[]> | null {
  const params: Record<string, string | string[]> = {};
  for (const [i, pattern] of route.segments.entries()) {
    const name = /^\[(?:\.\.\.)?(.*)\]$/.exec(pattern)?.[1];
    if (pattern.startsWith("[...")) return segments.length > i ? { ...params, [name ?? ""]: segments.slice(i) } : null;
    const segment = segments[i];
    if (segment === undefined || (name === undefined && segment !== pattern)) return null;
    if (name !== undefined) params[name] = segment;
  }
  return segments.length === route.segments.length ? params : null;
}

export interface ApiAnswer {
  status: number;
  headers: Headers;
  body: unknown;
}

interface CallOptions {
  key?: string | undefined;
  headers?: Record<string, string>;
  /** Sent as JSON. */
  json?: unknown;
  /** Sent as it is, without a content type. */
  raw?: BodyInit;
}

/** Makes the official client's command line speak of a higher plan. */
const MISLEADING = /require|unauthorized|enterprise|growth plan|folder billing|over_quota/i;

/** Hands a request to the route that serves its path, as Next does. */
export async function dispatch(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  const segments = pathname.split("/").slice(2).filter(Boolean).map(decodeURIComponent);
  for (const route of listRouteFiles()) {
    const params = match(route, segments);
    if (params) return (await route.load())[request.method as MethodName](request, { params: Promise.resolve(params) });
  }
  throw new Error(`no route file serves ${pathname}`);
}

/** `call("DELETE", "/acme/digits/3", { key })`: the path is what follows /api, as a client writes it. */
export async function call(method: string, url: string, options: CallOptions = {}): Promise<ApiAnswer> {
  const { pathname, searchParams } = new URL(`http://test/api${url}`);
  if (options.key !== undefined) searchParams.set("api_key", options.key);
  const body = options.json === undefined ? options.raw : JSON.stringify(options.json);
  const request = new Request(`http://test${pathname}?${searchParams.toString()}`, {
    method,
    headers: { ...(options.json === undefined ? {} : { "content-type": "application/json" }), ...options.headers },
    ...(body === undefined ? {} : { body, duplex: "half" }),
  });
  return check(method, await dispatch(request), isUpload(method, pathname));
}

/** The one call whose refusals have an object in `error`, on whose sentence the official client would break. */
const isUpload = (method: string, pathname: string): boolean =>
  method === "POST" && /^\/api\/dataset\/[^/]+\/upload$/.test(pathname);

async function check(method: string, response: Response, asObject: boolean): Promise<ApiAnswer> {
  const text = await response.text();
  const requestId = response.headers.get("x-request-id");
  expect(requestId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/);
  expect(response.headers.get("cache-control")).toBe("no-store");
  expect(response.headers.get("access-control-allow-origin")).toBeNull();
  if (method === "HEAD" || response.status === 204) {
    expect(text).toBe("");
    return { status: response.status, headers: response.headers, body: null };
  }
  const body: unknown = JSON.parse(text);
  if (response.status >= 400 && !/"purged":\d/.test(text)) {
    expect(body).toMatchObject({ code: expect.any(String), requestId });
    const { code } = body as { code: string };
    const error = asObject ? (body as { message: string }).message : (body as { error: string }).error;
    if (asObject) expect(body).toMatchObject({ error: { message: error, code } });
    expect(error).not.toMatch(MISLEADING);
    expect(error).toMatch(/^["A-Z].*[.?]$/); // a sentence
    expect(text).not.toMatch(/\bat .*\.(ts|js):\d+/); // no stack
  }
  return { status: response.status, headers: response.headers, body };
}
