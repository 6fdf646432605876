import { pathToFileURL } from "node:url";
import { z } from "zod";

const port = z.coerce.number().int().min(1).max(65535);

const secret = z.string().min(16, "must have at least 16 characters");

/** "" counts as unset: shells and compose files often pass empty variables. */
const optional = <T extends z.ZodType>(schema: T) =>
  z.preprocess((value) => (value === "" ? undefined : value), schema.optional());

const schema = z.object({
  DATABASE_URL: z
    .string({
      error:
        "is not set: give the PostgreSQL to use, postgresql://user:password@host:5432/database (npm start sets it when it runs its own)",
    })
    .regex(/^postgres(ql)?:\/\//, "must start with postgresql://"),
  DATABASE_POOL_SIZE: optional(
    z.coerce.number().int("must be a whole number").min(1, "must be at least 1").max(200, "must be at most 200"),
  ),
  DATA_DIR: optional(z.string().startsWith("/", "must be an absolute path")),
  BLOB_STORE: optional(
    z
      .string()
      .regex(/^(file:\/\/\/|s3:\/\/[a-z0-9])/, "must be file:///absolute/folder or s3://bucket/prefix?region=…"),
  ),
  MAX_IMAGE_MB: optional(
    z.coerce
      .number()
      .int("must be a whole number of megabytes")
      .min(1, "must be at least 1")
      .max(1024, "must be at most 1024"),
  ),
  MAX_WEIGHTS_MB: optional(
    z.coerce
      .number()
      .int("must be a whole number of megabytes")
      .min(1, "must be at least 1")
      .max(102_400, "must be at most 102400"),
  ),
  MAX_ZIP_MB: optional(
    z.coerce
      .number()
      .int("must be a whole number of megabytes")
      .min(1, "must be at least 1")
      .max(102_400, "must be at most 102400"),
  ),
  INFER_IMAGE_HOSTS: optional(z.string()),
  TRAINING_CONCURRENCY: optional(
    z.coerce.number().int("must be a whole number").min(0, "must be at least 0").max(64, "must be at most 64"),
  ),
  UPLOADS: optional(
    z.enum(["server", "store"], {
      error: "must be server (the default) or store (browsers send images to the object store)",
    }),
  ),
  STORE_LATE_WRITES_MINUTES: optional(
    z.coerce.number().min(1, "must be at least 1").max(1440, "must be at most 1440, a day"),
  ),
  PUBLIC_URL: optional(
    z.url({ protocol: /^https?$/, error: "must be an http(s) URL, such as https://reprieve.example.org" }),
  ),
  PORT: optional(port),
  PURGE: optional(
    z.enum(["on", "report"], {
      error: "must be on (the default) or report (the scheduled purge counts what is due, and purges nothing)",
    }),
  ),
  CRON_SECRET: optional(secret),
  NEXTAUTH_SECRET: optional(secret),
  GITHUB_ID: optional(z.string()),
  GITHUB_SECRET: optional(z.string()),
  GOOGLE_ID: optional(z.string()),
  GOOGLE_SECRET: optional(z.string()),
  LOG_LEVEL: optional(z.enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"])),
  EMBEDDED_DATABASE: optional(z.literal("1", { error: "is set by npm start only" })),
  NODE_ENV: optional(z.string()),
});

export interface Env {
  databaseUrl: string;
  databasePoolSize: number;
  /** file:///… or s3://…, see lib/platform/blob-store.ts */
  blobStore: string;
  /** The largest image that may be uploaded. */
  imageBytesMax: number;
  /** The largest weights that a trainer elsewhere may hand in. */
  weightsBytesMax: number;
  /** The largest zip of images that a program may send. */
  zipBytesMax: number;
  /** Where browsers send images: here, or straight to the object store by presigned PUT. */
  uploads: "server" | "store";
  /** How long after the end of a right to write an object store may still be finishing a request that began before it. */
  storeLateWritesMs: number;
  /** Where images to predict may be fetched from, when a caller gives a URL; nowhere, unless set. */
  inferImageHosts: readonly ImageHost[];
  /** Trainings that a worker runs at once, each in a process of its own; 0: it leaves them to other workers. */
  trainingConcurrency: number;
  /** Origin of every absolute link, without a trailing slash. */
  publicUrl: string;
  /** REPORT: the scheduled purge only counts. By hand is purged all the same. */
  purge: "ON" | "REPORT";
  /** null: the cron route answers 503 until it is set. */
  cronSecret: string | null;
  /** Encrypts sessions. null: nobody can sign in until it is set. */
  sessionSecret: string | null;
  /** Sign-in by these is offered when both halves are set. */
  github: OAuthClient | null;
  google: OAuthClient | null;
  logLevel: string;
  embeddedDatabase: boolean;
  production: boolean;
}

export interface OAuthClient {
  clientId: string;
  clientSecret: string;
}

export interface ImageHost {
  /** Scheme, name and port. */
  origin: string;
  /** It may have an address of a private network: whoever writes a port into the list means a machine of their own. */
  mayBePrivate: boolean;
}

/** "images.example.org" is https on its usual port; http:// and other ports must be written out. */
function parseImageHosts(list: string): ImageHost[] {
  const entries = list.split(",").map((entry) => entry.trim());
  return entries.filter(Boolean).map((entry) => {
    const url = entry.includes("://") ? entry : `https://${entry}`;
    const parts = /^https?:\/\/(?:[a-z0-9.-]+|\[[0-9a-f:]+\])(:\d+)?$/i.exec(url);
    if (!parts || !URL.canParse(url))
      throw new Error(
        `INFER_IMAGE_HOSTS has "${entry}": give names such as images.example.org, with commas between them; http:// and a port may be added`,
      );
    return { origin: new URL(url).origin, mayBePrivate: parts[1] !== undefined };
  });
}

function pair(name: string, clientId: string | undefined, clientSecret: string | undefined): OAuthClient | null {
  if (clientId && clientSecret) return { clientId, clientSecret };
  if (clientId || clientSecret)
    throw new Error(
      `${name}_${clientId ? "SECRET" : "ID"} is not set: set both ${name}_ID and ${name}_SECRET, or neither`,
    );
  return null;
}

/**
 * Reads and checks the environment.
 * Throws one Error whose message has a line for every wrong variable, naming it, so that a start stops with a sentence.
 */
export function parseEnv(source: Record<string, string | undefined>): Env {
  const result = schema.safeParse(source);
  if (!result.success) {
    throw new Error(result.error.issues.map((issue) => `${issue.path.join(".")} ${issue.message}`).join("\n"));
  }
  const e = result.data;
  const blobStore = e.BLOB_STORE ?? (e.DATA_DIR ? pathToFileURL(`${e.DATA_DIR}/blobs`).href : undefined);
  if (!blobStore)
    throw new Error("BLOB_STORE is not set: give file:///absolute/folder or s3://bucket/prefix, or set DATA_DIR");
  if (e.UPLOADS === "store" && !blobStore.startsWith("s3://"))
    throw new Error(
      "UPLOADS=store needs an object store that browsers can reach: set BLOB_STORE to s3://bucket/prefix, or leave UPLOADS out",
    );
  return {
    databaseUrl: e.DATABASE_URL,
    databasePoolSize: e.DATABASE_POOL_SIZE ?? 10,
    blobStore,
    zipBytesMax: (e.MAX_ZIP_MB ?? 4096) * 1024 ** 2,
    imageBytesMax: (e.MAX_IMAGE_MB ?? 20) * 1024 ** 2,
    weightsBytesMax: (e.MAX_WEIGHTS_MB ?? 1024) * 1024 ** 2,
    inferImageHosts: parseImageHosts(e.INFER_IMAGE_HOSTS ?? ""),
    trainingConcurrency: e.TRAINING_CONCURRENCY ?? 1,
    uploads: e.UPLOADS ?? "server",
    storeLateWritesMs: (e.STORE_LATE_WRITES_MINUTES ?? 15) * 60_000,
    publicUrl: (e.PUBLIC_URL ?? `http://localhost:${e.PORT ?? 3000}`).replace(/\/+$/, ""),
    purge: e.PURGE === "report" ? "REPORT" : "ON",
    cronSecret: e.CRON_SECRET ?? null,
    sessionSecret: e.NEXTAUTH_SECRET ?? null,
    github: pair("GITHUB", e.GITHUB_ID, e.GITHUB_SECRET),
    google: pair("GOOGLE", e.GOOGLE_ID, e.GOOGLE_SECRET),
    logLevel: e.LOG_LEVEL ?? "info",
    embeddedDatabase: e.EMBEDDED_DATABASE === "1",
    production: e.NODE_ENV === "production",
  };
}

/** How a process says that a setting is wrong, and that starting it again is of no use: EX_CONFIG of sysexits.h. */
const WRONG_SETTINGS = 78;

/** For the start of a process: a wrong variable ends it with its sentence alone. */
export function checkEnv(): void {
  try {
    env();
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    process.exit(WRONG_SETTINGS);
  }
}

let parsed: Env | undefined;

/** The environment, checked once per process. Throws as parseEnv does. The only reader of process.env in lib and app. */
export function env(): Env {
  if (!parsed) {
    parsed = parseEnv(process.env);
    // next-auth takes its origin from here alone
    process.env["NEXTAUTH_URL"] ??= parsed.publicUrl;
  }
  return parsed;
}
