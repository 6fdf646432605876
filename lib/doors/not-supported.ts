import { DomainError } from "@/lib/domain/errors";

/*
 * What the official client asks for and this server does not have. These words stand where a workspace, a project or a
 * version could stand, and would be looked for as one: "There is no such version" for a list of jobs.
 */

const KEEPS = "This server keeps projects with their images and versions, trainings and models.";
const USAGE = "What a workspace uses of its quota stands in the browser, under Settings, Usage.";
const WORKFLOWS = `Workflows are not part of this server. ${KEEPS}`;
const VIDEO = "Predictions on videos are not part of this server. Ask a model about single frames, as images.";

/**
 * A path under /api, for itself and all that lies below it, and what is said there, whatever the method. The first that
 * fits counts. An operation goes before, and for its path the methods that it does not have are told of here; a row of
 * which nothing is left must go.
 */
export const NOT_SUPPORTED: Readonly<Record<`/${string}`, string>> = {
  // in place of a workspace; the first is where README says to point the client's `deployment` commands
  "/dedicated-deployments": "Deployments are not part of this server. It answers predictions itself, under /api/infer.",
  "/query":
    "Signing in from a terminal through a browser is not part of this server. Make an API key under Settings, API keys, and use `roboflow auth login --api-key KEY` or ROBOFLOW_API_KEY.",
  "/universe":
    "A search of public data is not part of this server. It holds the projects of its own workspaces: `roboflow project list`.",
  "/usage": `Plans and prices are not part of this server. ${USAGE}`,
  "/video_upload_signed_url": VIDEO,
  "/videoinfer": VIDEO,
  "/vision-events": `Vision events are not part of this server. ${KEEPS}`,

  // in place of a project
  "/{workspace}/api-keys":
    "API keys are not read or changed with an API key on this server. Owners make and revoke them in the browser, under Settings, API keys.",
  "/{workspace}/asynctasks":
    "A task in the background is looked at, by its id, and nothing else. What else takes long is asked about where it was asked for, such as a version or its download.",
  "/{workspace}/billing-usage-report": `Billing is not part of this server. ${USAGE}`,
  "/{workspace}/createWorkflow": WORKFLOWS,
  "/{workspace}/devices":
    "Devices are not part of this server. Ask a model over HTTP, or download its weights to wherever it runs.",
  "/{workspace}/forkWorkflow": WORKFLOWS,
  "/{workspace}/groups": "Folders of projects are not part of this server. A workspace has one list of projects.",
  "/{workspace}/images":
    "Images of a whole workspace are searched, described and deleted over this API, and nothing else. They belong to a project, and are there in the browser, under Images.",
  "/{workspace}/model-evals":
    "Evaluations of models are not part of this server. What a training measured is on its version's page, and in `roboflow train results`.",
  "/{workspace}/models/prepareUpload":
    "A model belongs to a version here, and falls silent and comes back with it: hand it in with version.deploy(…), or on the version's page.",
  "/{workspace}/models":
    "Marking models is not part of this server. Which model a version answers with is chosen on its page.",
  "/{workspace}/projects/fork":
    "Copying public projects is not part of this server. Download a version there, and upload its folder here: `roboflow import FOLDER`.",
  "/{workspace}/search":
    "Images of a workspace are searched with POST /{workspace}/search/v1 and exported with POST /{workspace}/search/export, and nothing else.",
  "/{workspace}/stats":
    "Statistics of labelling are not part of this server. Owners see who did what in the browser, under Settings, Audit log.",
  "/{workspace}/updateWorkflow": WORKFLOWS,
  "/{workspace}/upload":
    "A zip is sent to a project, with POST /{workspace}/{project}/upload/zip, and its task is looked at and cancelled. Nothing else is here.",
  "/{workspace}/workflows": WORKFLOWS,

  // in place of a version, or of a format
  "/{workspace}/{project}/batches":
    "Batches of uploads are listed and looked at one by one, and nothing else. A project's images are there in the browser, under Images.",
  "/{workspace}/{project}/health":
    "A report on a project's health is read with GET /{workspace}/{project}/health, and has no parts of its own.",
  "/{workspace}/{project}/images":
    "Images of a project are searched, looked at one by one and deleted over this API, and nothing else. They are there in the browser, under Images.",
  "/{workspace}/{project}/jobs":
    "Jobs for labelling are not part of this server. Images are labelled by uploading annotation files with them, or in the browser.",
  "/{workspace}/{project}/search":
    "A project's images are searched with POST /{workspace}/{project}/search, and nothing else. They are there in the browser, under Images.",
  "/{workspace}/{project}/upload":
    "A zip is sent with POST /{workspace}/{project}/upload/zip, an image with POST /dataset/{project}/upload. Nothing else is here.",
};

const isParameter = (segment: string): boolean => segment.startsWith("{");

const rows = Object.entries(NOT_SUPPORTED).map(([path, sentence]) => ({ words: path.split("/").slice(1), sentence }));

/**
 * Why a call cannot be served, when a word of the table stands where the route has a parameter; null: it may be served.
 * `pattern` is the route's path as OpenAPI writes it, `{...path}` for any number of segments.
 */
export function findNotSupported(pattern: string, params: Readonly<Record<string, unknown>>): DomainError | null {
  const segments: unknown[] = [];
  for (const segment of pattern.split("/").slice(1)) {
    if (!isParameter(segment)) break; // a word of the route's own: nothing behind it is a fixed word of the table
    const value = params[segment.replace(/^\{(?:\.\.\.)?(.*)\}$/, "$1")];
    segments.push(...(Array.isArray(value) ? (value as unknown[]) : [value]));
  }
  const row = rows.find(
    ({ words }) =>
      words.length <= segments.length && words.every((word, i) => isParameter(word) || word === segments[i]),
  );
  return row ? new DomainError("not_supported", row.sentence) : null;
}
