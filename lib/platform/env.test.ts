import { expect, test } from "vitest";
import { parseEnv } from "./env";

const GOOD = { DATABASE_URL: "postgresql://u:p@localhost/db", DATA_DIR: "/data" };

test("files lie under DATA_DIR, and links begin at localhost, unless set otherwise", () => {
  expect(parseEnv(GOOD)).toMatchObject({
    blobStore: "file:///data/blobs",
    publicUrl: "http://localhost:3000",
    cronSecret: null,
  });
  expect(parseEnv({ ...GOOD, PORT: "8080", BLOB_STORE: "s3://bucket/x" })).toMatchObject({
    blobStore: "s3://bucket/x",
    publicUrl: "http://localhost:8080",
  });
  expect(parseEnv({ ...GOOD, PUBLIC_URL: "https://reprieve.example.org/" }).publicUrl).toBe(
    "https://reprieve.example.org",
  );
});

test("an empty variable counts as unset", () => {
  expect(parseEnv({ ...GOOD, CRON_SECRET: "", PORT: "" })).toMatchObject({ cronSecret: null });
});

test("images have at most 20 MB and are sent to the server, unless set otherwise", () => {
  expect(parseEnv(GOOD)).toMatchObject({ imageBytesMax: 20 * 1024 ** 2, uploads: "server" });
  expect(parseEnv({ ...GOOD, MAX_IMAGE_MB: "50", UPLOADS: "store", BLOB_STORE: "s3://bucket/x" })).toMatchObject({
    imageBytesMax: 50 * 1024 ** 2,
    uploads: "store",
  });
});

test("the scheduled purge purges, unless it is told to report only", () => {
  expect([{}, { PURGE: "" }, { PURGE: "on" }].map((set) => parseEnv({ ...GOOD, ...set }).purge)).toEqual([
    "ON",
    "ON",
    "ON",
  ]);
  expect(parseEnv({ ...GOOD, PURGE: "report" }).purge).toBe("REPORT");
  expect(() => parseEnv({ ...GOOD, PURGE: "off" })).toThrow(/^PURGE must be on \(the default\) or report/);
});

test("weights of trainers elsewhere have at most 1 GB, unless set otherwise", () => {
  expect(parseEnv(GOOD).weightsBytesMax).toBe(1024 ** 3);
  expect(parseEnv({ ...GOOD, MAX_WEIGHTS_MB: "5" }).weightsBytesMax).toBe(5 * 1024 ** 2);
});

test.each([
  ["DATABASE_URL", { ...GOOD, DATABASE_URL: undefined }],
  ["DATABASE_URL", { ...GOOD, DATABASE_URL: "mysql://x" }],
  ["DATABASE_POOL_SIZE", { ...GOOD, DATABASE_POOL_SIZE: "many" }],
  ["PORT", { ...GOOD, PORT: "99999" }],
  ["PUBLIC_URL", { ...GOOD, PUBLIC_URL: "reprieve" }],
  ["CRON_SECRET", { ...GOOD, CRON_SECRET: "short" }],
  ["NEXTAUTH_SECRET", { ...GOOD, NEXTAUTH_SECRET: "short" }],
  ["GITHUB_SECRET", { ...GOOD, GITHUB_ID: "id" }],
  ["GOOGLE_ID", { ...GOOD, GOOGLE_SECRET: "secret" }],
  ["BLOB_STORE", { ...GOOD, BLOB_STORE: "./blobs" }],
  ["BLOB_STORE", { DATABASE_URL: GOOD.DATABASE_URL }],
  ["LOG_LEVEL", { ...GOOD, LOG_LEVEL: "loud" }],
  ["MAX_IMAGE_MB", { ...GOOD, MAX_IMAGE_MB: "20 MB" }],
  ["MAX_IMAGE_MB", { ...GOOD, MAX_IMAGE_MB: "0" }],
  ["MAX_ZIP_MB", { ...GOOD, MAX_ZIP_MB: "0" }],
  ["MAX_WEIGHTS_MB", { ...GOOD, MAX_WEIGHTS_MB: "0" }],
  ["INFER_IMAGE_HOSTS", { ...GOOD, INFER_IMAGE_HOSTS: "images.example.org, https://x/y" }],
  ["INFER_IMAGE_HOSTS", { ...GOOD, INFER_IMAGE_HOSTS: "*.example.org" }],
  ["INFER_IMAGE_HOSTS", { ...GOOD, INFER_IMAGE_HOSTS: "user@example.org" }],
  ["UPLOADS", { ...GOOD, UPLOADS: "s3" }],
  ["UPLOADS=store", { ...GOOD, UPLOADS: "store" }],
])("a wrong %s stops the start with a sentence that names it", (name, source) => {
  expect(() => parseEnv(source)).toThrow(new RegExp(`^${name} `, "m"));
});

test("images by URL come from listed hosts only: https unless http is written, a private address only with a port", () => {
  expect(parseEnv(GOOD).inferImageHosts).toEqual([]);
  expect(
    parseEnv({ ...GOOD, INFER_IMAGE_HOSTS: "Images.example.org, http://old.example.org,,[::1]:8443" }).inferImageHosts,
  ).toEqual([
    { origin: "https://images.example.org", mayBePrivate: false },
    { origin: "http://old.example.org", mayBePrivate: false },
    { origin: "https://[::1]:8443", mayBePrivate: true },
  ]);
});
