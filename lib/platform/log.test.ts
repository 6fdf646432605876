import fs from "node:fs";
import { expect, onTestFinished, test, vi } from "vitest";

test("what looks like a secret is cut out of a line, of itself and of what it is about", async () => {
  vi.stubEnv("LOG_LEVEL", "info");
  vi.resetModules();
  const { log } = await import("./log");
  const lines: string[] = [];
  const write = vi.spyOn(fs, "writeSync").mockImplementation((...[, line]: unknown[]) => {
    lines.push(String(line));
    return Buffer.byteLength(String(line));
  });
  onTestFinished(() => {
    write.mockRestore();
    vi.unstubAllEnvs();
  });
  const inner = { api_key: "s3cret", apiKey: "s3cret", authorization: "s3cret", password: "s3cret", secret: "s3cret" };
  log().info({ ...inner, url: "/acme?api_key=s3cret", request: inner, requestId: "r" }, "a line");
  log().debug("below the level");
  expect(lines.map((line) => JSON.parse(line) as object)).toEqual([
    { level: 30, time: expect.any(Number), request: {}, requestId: "r", msg: "a line" },
  ]);
});
