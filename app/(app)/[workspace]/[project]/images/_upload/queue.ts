import type { Intake } from "@/lib/work/uploads/intake";
import type { SplitName } from "@/lib/domain/splits";
import type { ImageNote } from "@/lib/work/uploads/image-notes";
import { isReduction } from "@/lib/work/uploads/annotation-problems";
import { place, type Placing } from "@/lib/work/uploads/placing";
import type { Refusal, UploadFile } from "@/lib/work/uploads/upload-file";

/** One image to send, and where it goes. */
export interface Job {
  file: UploadFile;
  split: SplitName;
  label: string | null;
}

/** What of an annotation file the server could not take, and how often. */
export interface AnnotationProblem {
  file: string;
  code: string;
  count: number;
  /** Of a format that is not read: which. */
  format: string | null;
  /** Of class names that differ: the file that counts. */
  by: string | null;
}

/** Why something is not in the project: a reason of ours, the server's sentence, or what is wrong with an annotation file. */
export type Reason =
  | { code: Refusal | "unreadable" | "network" }
  | { sentence: string }
  | { problem: AnnotationProblem }
  | { note: ImageNote };

export interface Failure {
  path: string;
  reason: Reason;
  /** What to send again; null where sending again cannot help. */
  again: Job | UploadFile | null;
}

/** What was taken, and what is to be known of it. */
export interface Noted {
  path: string;
  reason: Reason;
}

export interface Failed {
  outcome: "failed";
  reason: Reason;
  /** Whether sending it again may help. */
  again: boolean;
}

/** The server will take none of them now, as when one is signed out: the rest waits. */
export interface Stopped {
  outcome: "stopped";
  sentence: string;
}

export interface Annotated {
  outcome: "annotated";
  images: number;
  problems: AnnotationProblem[];
}

/** An image of the project, and under which path it was on the person's disk. */
export interface SentImage {
  id: string;
  path: string;
}

/** It is in the project: new, there before, or there again since it waited in Trash. */
export interface Sent {
  outcome: "added" | "duplicate" | "restored";
  id: string;
  /** What is to be known of how it was taken. */
  notes: readonly ImageNote[];
}

/** The way to the server; never throws but for an abort. */
export interface UploadTarget {
  sendImage: (
    job: Job,
    options: { signal: AbortSignal; onProgress: (sentBytes: number) => void },
  ) => Promise<Sent | Failed | Stopped>;
  sendAnnotations: (
    files: readonly UploadFile[],
    images: readonly SentImage[],
    signal: AbortSignal,
  ) => Promise<Annotated | Failed | Stopped>;
}

export interface UploadState {
  status: "idle" | "running" | "finished" | "cancelled" | "stopped";
  files: number;
  bytes: number;
  done: number;
  doneBytes: number;
  added: number;
  duplicates: number;
  /** Images that waited in Trash and are back. */
  restored: number;
  /** Images whose boxes came with annotation files. */
  annotated: number;
  failures: readonly Failure[];
  /** What was taken, but not as it is in its file. */
  notes: readonly Noted[];
  inFlight: readonly { path: string; sizeBytes: number; sentBytes: number }[];
  readingAnnotations: boolean;
  /** Why it was stopped. */
  sentence: string | null;
}

const IDLE: UploadState = {
  status: "idle",
  files: 0,
  bytes: 0,
  done: 0,
  doneBytes: 0,
  added: 0,
  duplicates: 0,
  restored: 0,
  annotated: 0,
  failures: [],
  notes: [],
  inFlight: [],
  readingAnnotations: false,
  sentence: null,
};

const IN_FLIGHT_MAX = 4;
const TELL_EVERY_MS = 150;

/**
 * Sends images, a few at once, then the annotation files that came with them. It holds files, never their bytes, and
 * tells its listeners a few times a second however many files pass; it belongs to no component, so that it goes on
 * while one looks at another page. While it runs, the browser asks before the page is left.
 */
export class UploadQueue {
  #state = { ...IDLE };
  #told: UploadState = IDLE;
  #failures: Failure[] = [];
  #notes: Noted[] = [];
  #jobs: Job[] = [];
  #next = 0;
  #annotations: UploadFile[] = [];
  /** What this upload brought, for the annotation files that come with it. */
  #sent: SentImage[] = [];
  #sending = new Map<Job, number>();
  #controller = new AbortController();
  #listeners = new Set<() => void>();
  #telling: ReturnType<typeof setTimeout> | null = null;

  constructor(private readonly target: UploadTarget) {}

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** How it stands, the same object until something was told. */
  readonly snapshot = (): UploadState => this.#told;

  /** Adds what was chosen, also while others are being sent; what is over already is forgotten first. */
  add({ images, annotations, refused, listed }: Intake, placing: Placing): void {
    if (this.#state.status !== "running") this.dismiss();
    for (const { path, reason } of refused) this.#failures.push({ path, reason: { code: reason }, again: null });
    for (const file of annotations) this.#annotations.push(file);
    for (const file of images) {
      this.#jobs.push({ file, ...place(file.path, placing, listed.of(file.path)) });
      this.#state.files += 1;
      this.#state.bytes += file.sizeBytes;
    }
    this.#start();
  }

  /** Sends again what failed and may do better now, and goes on with what a stop left. */
  retry(): void {
    const failures = this.#failures;
    this.#failures = failures.filter(({ again }) => again === null);
    for (const { again } of failures) {
      if (!again) continue;
      if ("file" in again) {
        this.#jobs.push(again);
        this.#state.done -= 1;
        this.#state.doneBytes -= again.file.sizeBytes;
      } else {
        this.#annotations.push(again);
      }
    }
    this.#start();
  }

  /** Stops, and forgets what was not sent yet; what was added stays in the project. */
  cancel(): void {
    if (this.#state.status === "running") this.#end("cancelled");
  }

  /** Forgets an upload that is over. */
  dismiss(): void {
    if (this.#state.status === "running") return;
    this.#state = { ...IDLE };
    [this.#failures, this.#notes, this.#jobs, this.#next, this.#annotations, this.#sent] = [[], [], [], 0, [], []];
    this.#tellNow();
  }

  #start(): void {
    if (this.#state.status !== "running") {
      this.#state.status = "running";
      this.#state.sentence = null;
      this.#controller = new AbortController();
      window.addEventListener("beforeunload", askBeforeLeaving);
      void this.#run(this.#controller.signal);
    }
    this.#tellNow();
  }

  #end(status: "finished" | "cancelled" | "stopped", sentence: string | null = null): void {
    this.#controller.abort();
    window.removeEventListener("beforeunload", askBeforeLeaving);
    // What is in flight when it stops waits with the rest: sent again, it is recognised where it had arrived.
    this.#jobs = status === "stopped" ? [...this.#sending.keys(), ...this.#jobs.slice(this.#next)] : [];
    this.#next = 0;
    if (status !== "stopped") this.#annotations = [];
    this.#sending.clear();
    Object.assign(this.#state, { status, sentence, readingAnnotations: false });
    this.#tellNow();
  }

  async #run(signal: AbortSignal): Promise<void> {
    try {
      while (this.#next < this.#jobs.length || this.#annotations.length > 0) {
        await Promise.all(Array.from({ length: IN_FLIGHT_MAX }, () => this.#sendImages(signal)));
        if (this.#annotations.length > 0) await this.#sendAnnotations(signal);
        if (signal.aborted) return;
      }
      this.#end("finished");
    } catch (error) {
      if (!signal.aborted) throw error; // an abort comes as an error
    }
  }

  async #sendImages(signal: AbortSignal): Promise<void> {
    while (this.#next < this.#jobs.length && !signal.aborted) {
      const job = this.#jobs[this.#next++]!;
      this.#sending.set(job, 0);
      this.#tellSoon();
      const result = await this.target.sendImage(job, {
        signal,
        onProgress: (sentBytes) => {
          this.#sending.set(job, sentBytes);
          this.#tellSoon();
        },
      });
      if (signal.aborted) return;
      if (result.outcome === "stopped") return this.#end("stopped", result.sentence);
      this.#sending.delete(job);
      this.#state.done += 1;
      this.#state.doneBytes += job.file.sizeBytes;
      if (result.outcome === "failed") {
        this.#failures.push({ path: job.file.path, reason: result.reason, again: result.again ? job : null });
      } else {
        this.#sent.push({ id: result.id, path: job.file.path });
        for (const note of result.notes) this.#notes.push({ path: job.file.path, reason: { note } });
        this.#state[result.outcome === "duplicate" ? "duplicates" : result.outcome] += 1;
      }
      this.#tellSoon();
    }
  }

  async #sendAnnotations(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const files = this.#annotations.splice(0);
    this.#state.readingAnnotations = true;
    this.#tellNow();
    const result = await this.target.sendAnnotations(files, this.#sent, signal);
    if (signal.aborted) return;
    if (result.outcome === "stopped") {
      this.#annotations.unshift(...files);
      return this.#end("stopped", result.sentence);
    }
    this.#state.readingAnnotations = false;
    if (result.outcome === "failed") {
      for (const file of files)
        this.#failures.push({ path: file.path, reason: result.reason, again: result.again ? file : null });
    } else {
      this.#state.annotated += result.images;
      for (const problem of result.problems) {
        const told = { path: problem.file, reason: { problem } };
        if (isReduction(problem.code)) this.#notes.push(told);
        else this.#failures.push({ ...told, again: null });
      }
    }
    this.#tellSoon();
  }

  #tellSoon(): void {
    this.#telling ??= setTimeout(() => this.#tellNow(), TELL_EVERY_MS);
  }

  #tellNow(): void {
    if (this.#telling) clearTimeout(this.#telling);
    this.#telling = null;
    this.#told = {
      ...this.#state,
      failures: [...this.#failures],
      notes: [...this.#notes],
      inFlight: [...this.#sending].map(([{ file }, sentBytes]) => ({
        path: file.path,
        sizeBytes: file.sizeBytes,
        sentBytes,
      })),
    };
    for (const listener of this.#listeners) listener();
  }
}

function askBeforeLeaving(event: BeforeUnloadEvent): void {
  event.preventDefault();
}
