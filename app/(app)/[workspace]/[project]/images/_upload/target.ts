import { imageTypeOf, namesClasses } from "@/lib/work/uploads/placing";
import type { UploadSettings } from "@/lib/work/uploads/settings";
import type { UploadFile } from "@/lib/work/uploads/upload-file";
import type { ImageNote } from "@/lib/work/uploads/image-notes";
import type { AnnotationProblem, Failed, Job, Sent, SentImage, Stopped, UploadTarget } from "./queue";

/** Where a project's images go: `url` is the project under /data. */
export interface Destination {
  url: string;
  settings: Pick<UploadSettings, "mode" | "annotationBytesMax">;
}

interface Answer {
  /** 0 when there was none. */
  status: number;
  body: unknown;
  retryAfterSeconds: number;
}

interface Call {
  method: "POST" | "PUT";
  url: string;
  headers?: Record<string, string>;
  body: Blob | string;
  signal: AbortSignal;
  onProgress?: (sentBytes: number) => void;
}

/** What waits a little may work: no answer, too many at once, busy. */
const TRANSIENT: readonly number[] = [0, 429, 503];
const TRIES = 5;

/** The server, as the queue sees it. */
export function uploadTarget({ url, settings }: Destination): UploadTarget {
  return {
    async sendImage(job, { signal, onProgress }) {
      const body = await job.file.open().catch(() => null);
      if (!body) return { outcome: "failed", reason: { code: "unreadable" }, again: false };
      const send = settings.mode === "store" ? sendByStore : sendDirectly;
      const answer = await send(url, job, body, { signal, onProgress });
      const added = answer.status === 200 ? readAdded(answer.body) : null;
      return added ?? refusal(answer);
    },

    async sendAnnotations(files, images, signal) {
      const problems: AnnotationProblem[] = [];
      let annotated = 0;
      for await (const batch of batches(files, images, settings.annotationBytesMax)) {
        if ("refused" in batch) {
          problems.push({ file: batch.refused, code: "too_large", count: 1, format: null, by: null });
          continue;
        }
        const answer = await callPatiently({
          method: "POST",
          url: `${url}/annotations`,
          headers: { "Content-Type": "application/json" },
          body: batch.body,
          signal,
        });
        const applied = answer.status === 200 ? readApplied(answer.body) : null;
        if (!applied) return refusal(answer);
        annotated += applied.annotated;
        // files of class names are in every batch, and what is wrong with them is said once
        for (const problem of applied.problems)
          if (
            problem.code !== "names_differ" ||
            !problems.some(({ code, file }) => code === problem.code && file === problem.file)
          )
            problems.push(problem);
      }
      return { outcome: "annotated", images: annotated, problems };
    },
  };
}

interface Sending {
  signal: AbortSignal;
  onProgress: (sentBytes: number) => void;
}

async function sendDirectly(
  url: string,
  { file, split, label }: Job,
  body: Blob,
  { signal, onProgress }: Sending,
): Promise<Answer> {
  const query = new URLSearchParams({ name: file.path, split, ...(label === null ? {} : { label }) });
  return callPatiently({
    method: "POST",
    url: `${url}/images?${query}`,
    headers: { "Content-Type": "application/octet-stream" },
    body,
    signal,
    onProgress,
  });
}

/**
 * By way of the object store: asks where to put the file, puts it there, says so. Its type is what its name says; the server
 * looks inside before it believes it.
 */
async function sendByStore(
  url: string,
  { file, split, label }: Job,
  body: Blob,
  { signal, onProgress }: Sending,
): Promise<Answer> {
  const json = (to: string, value: unknown) =>
    callPatiently({
      method: "POST",
      url: to,
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(value),
      signal,
    });
  const begun = await json(`${url}/uploads`, {
    contentType: imageTypeOf(file.path) ?? "image/jpeg",
    sizeBytes: body.size,
  });
  const place = begun.status === 200 ? readPlace(begun.body) : null;
  if (!place) return begun;
  const put = await callPatiently({ method: "PUT", url: place.url, headers: place.headers, body, signal, onProgress });
  if (put.status < 200 || put.status > 299) return { ...put, status: 0, body: null }; // the store's own words are not for people
  return json(`${url}/uploads/${place.id}`, { name: file.path, split, ...(label === null ? {} : { label }) });
}

function refusal({ status, body }: Answer): Failed | Stopped {
  const sentence = readText(body, "error");
  if (sentence === null) return { outcome: "failed", reason: { code: "network" }, again: true };
  if (status === 401 || status === 403 || status === 404) return { outcome: "stopped", sentence };
  return { outcome: "failed", reason: { sentence }, again: status >= 500 || status === 429 };
}

// ── Calls ────────────────────────────────────────────────────────────────────────────────────────────────────────────

async function callPatiently(call: Call): Promise<Answer> {
  for (let tried = 1; ; tried += 1) {
    const answer = await perform(call);
    if (tried === TRIES || !TRANSIENT.includes(answer.status)) return answer;
    await pause(Math.max(answer.retryAfterSeconds, 2 ** (tried - 1)) * 1000, call.signal);
  }
}

/** With XMLHttpRequest, which tells how much has been sent. Throws only for an abort. */
function perform({ method, url, headers = {}, body, signal, onProgress }: Call): Promise<Answer> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const request = new XMLHttpRequest();
    const abort = () => request.abort();
    signal.addEventListener("abort", abort, { once: true });
    request.open(method, url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    if (onProgress) request.upload.onprogress = ({ loaded }) => onProgress(loaded);
    request.onloadend = () => {
      signal.removeEventListener("abort", abort);
      if (signal.aborted) return reject(signal.reason);
      // Asking a store of another origin for a header it does not show would only fill the console.
      const retryAfter = request.responseURL.startsWith(window.location.origin)
        ? request.getResponseHeader("Retry-After")
        : null;
      resolve({
        status: request.status,
        body: parseJson(request.responseText),
        retryAfterSeconds: Number(retryAfter) || 0,
      });
    };
    request.send(body);
  });
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => (clearTimeout(timer), reject(signal.reason)), { once: true });
  });
}

// ── Annotation files ─────────────────────────────────────────────────────────────────────────────────────────────────

/** The most that the server matches by their paths. */
const PATHS_MAX = 20_000;

/**
 * Bodies for the server, as few as its limit allows; read one after the other, so that only one is held. Files that name the
 * classes of others are in each, as are the images that came with the files, for many data sets have images of one name in several folders.
 */
async function* batches(
  files: readonly UploadFile[],
  images: readonly SentImage[],
  bytesMax: number,
): AsyncGenerator<{ body: string } | { refused: string }> {
  const encode = async (file: UploadFile) =>
    JSON.stringify({ name: file.path, text: await (await file.open()).text() });
  const sized = (text: string) => new TextEncoder().encode(text).byteLength;
  const known =
    images.length > 0 && images.length <= PATHS_MAX
      ? JSON.stringify(images.map(({ id, path }) => ({ id, name: path })))
      : null;
  const names = await Promise.all(files.filter(({ path }) => namesClasses(path)).map(encode));
  const wrap = (parts: readonly string[]) =>
    `{"files":[${parts.join(",")}]${known === null ? "" : `,"images":${known}`}}`;
  const base = sized(wrap(names));
  let [parts, bytes] = [[...names], base];
  for (const file of files) {
    if (namesClasses(file.path)) continue;
    const part = await encode(file).catch(() => null);
    if (part === null || base + sized(part) + 1 > bytesMax) {
      yield { refused: file.path };
      continue;
    }
    if (bytes + sized(part) + 1 > bytesMax) {
      yield { body: wrap(parts) };
      [parts, bytes] = [[...names], base];
    }
    parts.push(part);
    bytes += sized(part) + 1;
  }
  if (parts.length > names.length) yield { body: wrap(parts) };
}

// ── What is answered ─────────────────────────────────────────────────────────────────────────────────────────────────

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;

function readText(body: unknown, key: string): string | null {
  const value = isRecord(body) ? body[key] : null;
  return typeof value === "string" ? value : null;
}

function readAdded(body: unknown): Sent | null {
  const id = readText(body, "id");
  if (id === null || !isRecord(body)) return null;
  const notes = Array.isArray(body["notes"]) ? body["notes"].flatMap(readNote) : [];
  if (body["restored"] === true) return { outcome: "restored", id, notes };
  return { outcome: body["duplicate"] === true ? "duplicate" : "added", id, notes };
}

function readNote(note: unknown): ImageNote[] {
  if (!isRecord(note)) return [];
  const number = (key: string) => (typeof note[key] === "number" ? note[key] : 0);
  if (note["code"] === "damaged") return [{ code: "damaged", missingPercent: number("missingPercent") }];
  return note["code"] === "first_frame" ? [{ code: "first_frame", frames: number("frames") }] : [];
}

function readPlace(body: unknown): { id: string; url: string; headers: Record<string, string> } | null {
  const [id, url] = [readText(body, "id"), readText(body, "url")];
  if (id === null || url === null || !isRecord(body) || !isRecord(body["headers"])) return null;
  return {
    id,
    url,
    headers: Object.fromEntries(Object.entries(body["headers"]).map(([name, value]) => [name, String(value)])),
  };
}

function readApplied(body: unknown): { annotated: number; problems: AnnotationProblem[] } | null {
  if (!isRecord(body) || typeof body["annotated"] !== "number" || !Array.isArray(body["problems"])) return null;
  const problems = body["problems"].flatMap((problem: unknown) =>
    isRecord(problem)
      ? {
          file: String(problem["file"] ?? ""),
          code: String(problem["code"] ?? ""),
          count: Number(problem["count"]) || 1,
          format: readText(problem["details"], "format"),
          by: readText(problem["details"], "by"),
        }
      : [],
  );
  return { annotated: body["annotated"], problems };
}
