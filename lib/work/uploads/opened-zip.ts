import type { FileHandle } from "node:fs/promises";
import { Reader } from "@zip.js/zip.js/lib/zip-core-native.js";
import { refuseFormat, USE_ONE_OF } from "@/lib/engine/formats";
import type { Refusal } from "./upload-file";

/* A zip that lies in a file of this machine, and what is said of what cannot be taken from it. */

/** Of a zip as a whole. */
export const WHOLE_REFUSALS: Partial<Record<Refusal, string>> = {
  brokenZip: "The file is not a zip, or it is broken.",
  zipBomb: "The zip claims to hold far more than it can. It was not unpacked.",
};

/** Of a file in it. */
export const REFUSAL_SENTENCES: Record<Refusal, string> = {
  notAnImage: `Neither an image that can be used (${USE_ONE_OF}) nor an annotation file.`,
  heic: refuseFormat("HEIC"),
  cameraRaw: refuseFormat("camera raw"),
  video: refuseFormat("video"),
  archive: "An archive within the zip. Pack its files into the zip itself.",
  table: "Tables (CSV) and JSON lines are not read. Export COCO, YOLO or Pascal VOC instead.",
  tooLarge: "Larger than an image may be.",
  annotationTooLarge: "This annotation file is too large. Divide it into several.",
  unsafeName: "Its name could lead out of its folder, or hides what it is. Rename it.",
  encrypted: "It is encrypted.",
  brokenZip: "It is broken.",
  zipBomb: "It claims to hold far more than it can.",
};

/** Reads a file in place. */
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
