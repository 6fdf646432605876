/*
 * Camera raw files (DNG, CR2, NEF, ARW …) are TIFFs of which the first image is a thumbnail: read as a TIFF they would give that,
 * without a word.
 */

/** Bytes of a file from a place on; fewer where it ends. */
export type ReadAt = (offset: number, length: number) => Promise<Buffer>;

const [NEW_SUBFILE_TYPE, PHOTOMETRIC, DNG_VERSION] = [254, 262, 50706];
/** Sensors behind a colour filter, and what is made of that. */
const SENSOR = [32803, 34892];
const TAGS_MAX = 1_000;

/** Whether a file that begins as a TIFF is what a camera's sensor saw. */
export async function isCameraRaw(readAt: ReadAt): Promise<boolean> {
  const head = await readAt(0, 16);
  if (head.length < 16) return false;
  if (head.toString("latin1", 8, 10) === "CR") return true; // Canon's CR2
  const little = head.toString("latin1", 0, 2) === "II";
  const u16 = (bytes: Buffer, at: number) => (little ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at));
  const u32 = (bytes: Buffer, at: number) => (little ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at));
  if (u16(head, 2) !== 42) return false; // BigTIFF, which no camera writes
  const directory = u32(head, 4);
  const counted = await readAt(directory, 2);
  if (counted.length < 2) return false;
  const entries = await readAt(directory + 2, Math.min(u16(counted, 0), TAGS_MAX) * 12);
  for (let at = 0; at + 12 <= entries.length; at += 12) {
    const tag = u16(entries, at);
    const value = u16(entries, at + 2) === 3 ? u16(entries, at + 8) : u32(entries, at + 8);
    if (tag === DNG_VERSION) return true;
    if (tag === NEW_SUBFILE_TYPE && (value & 1) !== 0) return true;
    if (tag === PHOTOMETRIC && SENSOR.includes(value)) return true;
  }
  return false;
}
