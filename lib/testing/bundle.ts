import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import path from "node:path";
import { build } from "esbuild";

const root = path.resolve(import.meta.dirname, "../..");

/** A folder for built scripts, within the project, so that they find its packages. */
export function makeBuildFolder(): { folder: string; remove: () => void } {
  mkdirSync(path.join(root, ".build"), { recursive: true });
  const folder = mkdtempSync(path.join(root, ".build/test-"));
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Builds scripts as they are shipped, each `name` as `name.mjs` in the folder: bundled, their packages outside. */
export async function bundle(folder: string, entryPoints: Record<string, string>): Promise<void> {
  await build({
    absWorkingDir: root,
    entryPoints,
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    platform: "node",
    format: "esm",
    packages: "external",
    alias: { "@": root },
    logLevel: "warning",
  });
}
