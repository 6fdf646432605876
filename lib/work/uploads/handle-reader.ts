import type { FileHandle } from "node:fs/promises";
import { Reader } from "@zip.js/zip.js/lib/zip-core-native.js";

/** Lets a zip be read in place, from an open file. */
export class HandleReader extends Reader<FileHandle> {
  private constructor(
    private readonly handle: FileHandle,
    size: number,
  ) {
    super(handle);
    this.size = size;
  }

  static async of(handle: FileHandle): Promise<HandleReader> {
    return new HandleReader(handle, (await handle.stat()).size);
  }

  override async readUint8Array(index: number, length: number): Promise<Uint8Array> {
    const buffer = new Uint8Array(Math.max(Math.min(length, this.size - index), 0));
    let read = 0;
    while (read < buffer.length) {
      const { bytesRead } = await this.handle.read(buffer, read, buffer.length - read, index + read);
      if (bytesRead === 0) break;
      read += bytesRead;
    }
    return buffer.subarray(0, read);
  }
}
