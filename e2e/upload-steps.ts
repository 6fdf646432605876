import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Page } from "@playwright/test";
import { BlobWriter, Uint8ArrayReader, ZipWriter } from "@zip.js/zip.js";
import sharp from "sharp";

/** A small image, another one for each number. */
export const draw = (number: number, format: "png" | "jpeg" | "webp" = "png"): Promise<Buffer> =>
  sharp({
    create: {
      width: 48 + (number % 16),
      height: 40,
      channels: 3,
      background: { r: (number * 37) % 256, g: (number * 91) % 256, b: (number * 13) % 256 },
    },
  })
    .composite([
      {
        input: {
          create: { width: 12, height: 12, channels: 3, background: { r: 255 - ((number * 53) % 256), g: 40, b: 90 } },
        },
        left: number % 30,
        top: (number * 3) % 26,
      },
    ])
    [format]()
    .toBuffer();

/** Writes the files under a folder, which it answers. */
export async function makeFolder(directory: string, files: Record<string, Buffer | string>): Promise<string> {
  for (const [name, bytes] of Object.entries(files)) {
    const file = path.join(directory, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, bytes);
  }
  return directory;
}

/** `encodeName` as old Windows wrote names: in bytes of its language, without a word of which. */
export async function makeZip(
  files: Record<string, Buffer | string>,
  encodeName?: (name: string) => Uint8Array,
): Promise<Buffer> {
  const legacy = encodeName ? { useUnicodeFileNames: false, encodeText: encodeName } : {};
  const writer = new ZipWriter(new BlobWriter(), { useWebWorkers: false, ...legacy });
  for (const [name, bytes] of Object.entries(files))
    await writer.add(name, new Uint8ArrayReader(new Uint8Array(Buffer.from(bytes))));
  return Buffer.from(await (await writer.close()).arrayBuffer());
}

export const png = (name: string, buffer: Buffer) => ({ name, mimeType: "image/png", buffer });
export const filesOf = (page: Page) => page.locator("input[type=file]:not([webkitdirectory])");
export const folderOf = (page: Page) => page.locator("input[type=file][webkitdirectory]");
export const panelOf = (page: Page) => page.getByRole("region", { name: /^(Upload|Nothing)/ });
