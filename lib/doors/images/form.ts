import { Readable } from "node:stream";
import { finished } from "node:stream/promises";
import { Busboy, type BusboyFileStream, type BusboyInstance } from "@fastify/busboy";
import type { Context } from "@/lib/domain/context";
import { DomainError } from "@/lib/domain/errors";
import { assertCanAddImage, parseDescription, type GivenDescription } from "@/lib/domain/images";
import type { SluggedProjectRef } from "@/lib/domain/item-state";
import { parseSplitName, SPLITS, type SplitName } from "@/lib/domain/splits";
import { env } from "@/lib/platform/env";
import type { Split } from "@/lib/platform/generated/enums";
import { fetchImage } from "@/lib/work/fetch-image";
import { storeSpooled, uploadImage, type UploadedImage } from "@/lib/work/uploads/images";
import { brokenOff, readChunks } from "@/lib/work/chunks";
import { spool, tooLarge, withTemporaryFile } from "@/lib/work/uploads/spool";

/*
 * An image as the official client sends it: a form of the fields `name`, `split`, `metadata` and `file`, in any order, perhaps
 * with others, which are passed over.
 */

const FIELD_BYTES_MAX = 64 * 1024;
const FIELDS_MAX = 20;
/** What the other fields and the form's own lines may add to the file. */
const FORM_BYTES_MAX = 2 * 1024 * 1024;
const HEADERS = { headerPairs: 20, headerSize: 8 * 1024 };

/**
 * Adds the image of the form. Throws as uploadImage, and `invalid_request` for a body that is no such form.
 */
export async function uploadImageForm(
  ctx: Context,
  ref: SluggedProjectRef,
  request: Request,
  given: GivenDescription = {},
): Promise<UploadedImage> {
  parseDescription(given); // before a byte is read
  await assertCanAddImage(ctx, ref, null);
  return withTemporaryFile(async (file) => {
    const {
      taken: spooled,
      fileName,
      fields,
    } = await readForm(request, env().imageBytesMax, (stream) => spool(stream, file, env().imageBytesMax));
    const split = parseSplit(fields.get("split") ?? "train");
    const description = parseDescription({ ...given, metadata: readMetadata(fields.get("metadata")) });
    const name = fields.get("name") || fileName;
    return storeSpooled(ctx, ref, file, spooled, { fileName: name, split, label: null, description });
  });
}

/**
 * Adds the image at a URL, which is fetched from the hosts that the server lists. Throws as uploadImage and fetchImage.
 */
export async function uploadHostedImage(
  ctx: Context,
  ref: SluggedProjectRef,
  url: string,
  said: { name?: string | undefined; split?: SplitName | undefined; metadata?: string | undefined },
  given: GivenDescription,
): Promise<UploadedImage> {
  const description = parseDescription({ ...given, metadata: readMetadata(said.metadata) });
  await assertCanAddImage(ctx, ref, null); // nothing is fetched for who may not add it
  const fileName = said.name || (URL.canParse(url) ? new URL(url).pathname : "");
  const facts = { fileName, split: SPLITS[said.split ?? "train"], label: null, description };
  return fetchImage(url, (bytes) => uploadImage(ctx, ref, bytes, facts));
}

/** As the client writes it, a JSON text; undefined for none. Throws `invalid_request`. */
export function readMetadata(text: string | undefined): unknown {
  if (text === undefined || text.trim() === "") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw invalid('"metadata" is not valid JSON. Send an object of keys and values.', "metadata");
  }
}

function parseSplit(text: string): Split {
  const name = parseSplitName(text);
  if (name === null) throw invalid('"split" must be train, valid or test.', "split");
  return SPLITS[name];
}

interface Form<Taken> {
  taken: Taken;
  fileName: string;
  fields: ReadonlyMap<string, string>;
}

/**
 * Reads a form to its end; its file goes to `take`, which refuses one larger than `fileBytesMax`, and nothing is read faster
 * than that takes it. Throws `invalid_request`, `payload_too_large`, `unsupported_media_type`, and whatever `take` throws.
 */
export async function readForm<Taken>(
  request: Request,
  fileBytesMax: number,
  take: (stream: BusboyFileStream) => Promise<Taken>,
): Promise<Form<Taken>> {
  const contentType = request.headers.get("content-type") ?? "";
  if (!/^multipart\/form-data\s*;/i.test(contentType))
    throw new DomainError(
      "unsupported_media_type",
      'Send a form (multipart/form-data) with the image in the field "file".',
    );
  const length = request.headers.get("content-length");
  if (Number(length ?? 0) > fileBytesMax + FORM_BYTES_MAX) throw tooLarge(fileBytesMax);
  if (!request.body) throw invalid('The form has no field "file" with the image.');
  const parser = openParser(contentType);
  const source = Readable.from(readChunks(request.body), { objectMode: false });
  const fields = new Map<string, string>();
  const found: { stream?: BusboyFileStream; taking?: Promise<Taken>; fileName: string } = { fileName: "" };
  try {
    await new Promise<void>((resolve, reject) => {
      parser.on("file", (name: string, stream: BusboyFileStream, fileName: string | undefined) => {
        if (name !== "file") {
          stream.on("error", () => {}); // the parser's own error says it too
          stream.resume();
          return;
        }
        if (found.stream) return reject(invalid('The form has more than one field "file". Send one image at a time.'));
        Object.assign(found, { stream, fileName: fileName ?? "", taking: take(stream) });
        found.taking?.catch(reject);
      });
      parser.on("field", (name: string, value: string, _nameCut: boolean, cut: boolean) => {
        if (cut) return reject(invalid(`"${name.slice(0, 80)}" is too long.`));
        fields.set(name, value);
      });
      for (const limit of ["partsLimit", "filesLimit", "fieldsLimit"] as const)
        parser.on(limit, () => reject(invalid("The form has too many fields.")));
      parser.on("error", () => reject(brokenOff()));
      parser.on("finish", resolve);
      source.on("error", () => reject(brokenOff()));
      source.pipe(parser);
    });
  } catch (error) {
    source.unpipe(parser);
    found.stream?.destroy(brokenOff());
    await found.taking?.catch(() => {}); // nothing may be written to a file once it was taken away
    // A client that is cut off while it sends does not read why. So it may send the rest, when that is bounded.
    if (length === null) source.destroy();
    else await finished(source.resume()).catch(() => {});
    throw error;
  }
  if (!found.taking) throw invalid('The form has no field "file" with the image.');
  return { taken: await found.taking, fileName: found.fileName, fields };
}

function openParser(contentType: string): BusboyInstance {
  try {
    return new Busboy({
      headers: { "content-type": contentType },
      limits: { ...HEADERS, fields: FIELDS_MAX, fieldSize: FIELD_BYTES_MAX, files: 2, parts: FIELDS_MAX + 2 },
    });
  } catch {
    throw invalid("The form's Content-Type names no boundary.");
  }
}

const invalid = (sentence: string, field = "form"): DomainError =>
  new DomainError("invalid_request", sentence, { field });
