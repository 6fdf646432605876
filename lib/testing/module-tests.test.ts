import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";

/* Each module has its test beside it, of the same name: where one looks for a guarantee, there it is proved. */

const root = path.resolve(import.meta.dirname, "../..");
const PARTS = ["domain", "work", "platform", "engine", "doors"];

/** Nothing in them could go wrong by itself: fronts; a noun's tables of operations and of schemas; lists, types, one line. */
const PLAIN = [
  /\/index\.ts$/,
  /^lib\/doors\/\w+\/(operations|schemas)\.ts$/,
  /^lib\/platform\/generated\//,
  "lib/domain/item-types.ts",
  "lib/domain/limits.ts",
  "lib/domain/scopes.ts",
  "lib/domain/splits.ts",
  "lib/doors/fields.ts",
  "lib/doors/operation.ts",
  "lib/doors/public-url.ts",
  "lib/engine/boxes.ts",
  "lib/engine/export/entry.ts",
  "lib/engine/splits.ts",
  "lib/engine/onnx/model.ts",
  "lib/engine/onnx/protocol.ts",
  "lib/engine/trainer/protocol.ts",
  "lib/engine/trainer/trainer.ts",
  "lib/platform/blob-store/store.ts",
  "lib/platform/id.ts",
  "lib/work/models/onnx-script.ts",
  "lib/work/uploads/settings.ts",
  "lib/work/uploads/upload-file.ts",
];

/** Proved by another file's test, because their promise shows only there. */
const ELSEWHERE: Record<string, readonly string[]> = {
  // in files of their own only so that the browser can have them
  "lib/domain/names.test.ts": ["lib/domain/name-form.ts"],
  "lib/domain/slugs.test.ts": ["lib/domain/slug-form.ts"],
  // a part of one operation, which nobody else calls
  "lib/domain/trainings/runs.test.ts": [
    "lib/domain/trainings/event.ts",
    "lib/domain/trainings/view.ts",
    "lib/domain/trainings/weights.ts",
  ],
  "lib/domain/trash/version.test.ts": ["lib/domain/trash/outcome.ts"],
  "lib/domain/trash/purge.test.ts": ["lib/domain/trash/purge-rows.ts", "lib/domain/trash/purge-project.ts"],
  "lib/work/inference/inference.test.ts": ["lib/work/inference/models.ts"],
  "lib/work/exports/answers.test.ts": ["lib/domain/exports/formats.ts"],
  // an import is one operation, from a zip to a version
  "lib/work/versions/importer.test.ts": [
    "lib/domain/versions/import-work.ts",
    "lib/domain/versions/imports.ts",
    "lib/work/versions/dataset.ts",
    "lib/work/versions/imported-images.ts",
  ],
  "app/api/version-import.test.ts": ["lib/work/versions/left-out.ts"],
  "lib/doors/admin.test.ts": ["lib/doors/admin-import.ts", "lib/work/uploads/folder-zip.ts"],
  "lib/work/versions/files.test.ts": ["lib/work/versions/manifest.ts"],
  "lib/engine/annotations/annotations.test.ts": [
    "lib/engine/annotations/collector.ts",
    "lib/engine/annotations/json.ts",
  ],
  "lib/engine/export/layout.test.ts": [
    "lib/engine/export/coco.ts",
    "lib/engine/export/names.ts",
    "lib/engine/export/voc.ts",
  ],
  "lib/engine/export/tables.test.ts": ["lib/engine/export/createml.ts"],
  "lib/engine/export/yolo.test.ts": ["lib/engine/export/darknet.ts", "lib/engine/export/label-lines.ts"],
  "lib/engine/preprocess.test.ts": ["lib/engine/pixels.ts"],
  "lib/platform/blob-store/blob-store.test.ts": ["lib/platform/blob-store/guard.ts"],
  "lib/platform/blob-store/disk.test.ts": ["lib/platform/blob-store/folders.ts"],
  // what is learned, measured and predicted is tested on one trained model, which takes seconds to make
  "lib/engine/trainer/train.test.ts": [
    "lib/engine/trainer/examples.ts",
    "lib/engine/trainer/features.ts",
    "lib/engine/trainer/network.ts",
    "lib/engine/trainer/predictor.ts",
  ],
  "lib/engine/trainer/run-in-child.test.ts": ["lib/engine/trainer/child.ts"],
  // what a head's numbers mean shows only when a file with known numbers is run over an image
  "lib/engine/onnx/session.test.ts": ["lib/engine/onnx/heads.ts", "lib/engine/onnx/input.ts"],
  "lib/engine/onnx/process.test.ts": ["lib/engine/onnx/onnx-child.ts"],
  "lib/work/models/hand-in.test.ts": [
    "lib/domain/trainings/hand-in.ts",
    "lib/domain/trainings/model-types.ts",
    "lib/domain/trainings/new-model.ts",
    "lib/work/models/unzip.ts",
    "lib/work/models/weights.ts",
  ],
  "lib/work/inference/onnx.test.ts": ["lib/work/inference/as-version.ts", "lib/work/inference/boxes.ts"],
  "app/api/uploaded-models.test.ts": ["lib/doors/models/upload-link.ts"],
  // what programs send and get, status by status and field by field, over HTTP
  "app/api/access.test.ts": ["lib/doors/route.ts"],
  "app/api/routes.test.ts": ["lib/doors/openapi.ts", "lib/doors/operations.ts"],
  "app/api/read.test.ts": [
    "lib/doors/health.ts",
    "lib/doors/people/presenters.ts",
    "lib/doors/versions/presenters.ts",
    "lib/doors/workspaces/presenters.ts",
  ],
  "app/api/trash.test.ts": ["lib/doors/request-body.ts", "lib/doors/trash/presenters.ts", "lib/doors/trash/restore.ts"],
  "app/api/receipts.test.ts": ["lib/doors/receipts/presenters.ts"],
  "app/api/images.test.ts": ["lib/doors/images/presenters.ts"],
  "app/api/zip-upload.test.ts": [
    "lib/domain/tasks/leases.ts",
    "lib/domain/tasks/zips.ts",
    "lib/doors/tasks/zip-link.ts",
    "lib/work/uploads/annotation-batches.ts",
    "lib/work/uploads/handle-reader.ts",
    "lib/work/uploads/zip-refusals.ts",
    "lib/work/uploads/zips.ts",
  ],
  "lib/work/uploads/intake.test.ts": ["lib/work/uploads/zip-files.ts"],
  "app/api/found-images.test.ts": [
    "lib/domain/images/health.ts",
    "lib/work/exports/search-export.ts",
    "lib/work/images/health.ts",
    "lib/domain/images/batches.ts",
    "lib/domain/images/describe.ts",
    "lib/domain/images/description.ts",
    "lib/domain/images/query.ts",
    "lib/domain/tasks/tasks.ts",
    "lib/doors/search/export-link.ts",
    "lib/doors/search/presenters.ts",
    "lib/doors/tasks/presenters.ts",
  ],
  "lib/domain/images/list.test.ts": ["lib/domain/images/search.ts"],
  "app/api/infer.test.ts": ["lib/doors/inference/body.ts"],
  "app/api/models.test.ts": ["lib/doors/models/presenters.ts"],
  "app/api/downloads.test.ts": ["lib/doors/exports/download.ts", "lib/doors/exports/presenters.ts"],
  "app/api/trainings.test.ts": ["lib/doors/trainings/presenters.ts"],
  "app/api/external-trainer.test.ts": ["lib/work/trainings/external.ts"],
  "app/api/cron/purge-expired/route.test.ts": ["lib/doors/cron.ts"],
  // what needs one of Next's own requests, or the worker's own process
  "e2e/trash.spec.ts": ["lib/doors/action.ts"],
  "e2e/versions.spec.ts": ["lib/doors/page.ts", "lib/doors/trash/hidden-item.ts"],
  "lib/work/trainings/crash.long.test.ts": ["lib/doors/worker.ts"],
};

const files = PARTS.flatMap((part) =>
  readdirSync(path.join(root, "lib", part), { recursive: true, encoding: "utf8" }).map((file) =>
    path.posix.join("lib", part, file),
  ),
).filter((file) => file.endsWith(".ts"));
const present = new Set(files);
const modules = files.filter((file) => !file.endsWith(".test.ts"));
const hasOwnTest = (file: string) =>
  [".test.ts", ".long.test.ts"].some((ending) => present.has(file.replace(/\.ts$/, ending)));
const isPlain = (file: string) => PLAIN.some((one) => (typeof one === "string" ? one === file : one.test(file)));
const elsewhere = Object.values(ELSEWHERE).flat();

test("each module has its test beside it, of the same name, or stands in the list of those that need none", () => {
  expect(modules.length).toBeGreaterThan(150);
  expect(modules.filter((file) => !hasOwnTest(file) && !isPlain(file) && !elsewhere.includes(file))).toEqual([]);
});

test("the list has no module that is gone or that got a test, none twice, and each test that it names is there", () => {
  const named = [...PLAIN.filter((one) => typeof one === "string"), ...elsewhere];
  expect(named.filter((file) => !present.has(file) || hasOwnTest(file))).toEqual([]);
  expect(new Set(named).size).toBe(named.length);
  expect(Object.keys(ELSEWHERE).filter((file) => !existsSync(path.join(root, file)))).toEqual([]);
});
