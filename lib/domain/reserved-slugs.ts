/*
 * Words that stand where a slug could stand: in the REST API, in the web app, or in what either will hold. As one list,
 * because a workspace, a project and a model can each be the first or second part of a path.
 */
const RESERVED: ReadonlySet<string> = new Set(
  [
    // REST, in place of a workspace
    "api auth cron dataset dedicated-deployments downloads health infer models openapi query universe usage videoinfer vision-events",
    // REST, in place of a project; the client writes some with capitals, which slugs do not have
    "api-keys asynctasks billing-usage-report createworkflow devices folders forkworkflow groups images model-evals",
    "projects search stats training-jobs trash updateworkflow upload workflows",
    // REST, in place of a version or a format
    "annotate batches export fork generate import jobs prepareupload ptfile publishable restore train training trainings uploadmodel v1 v2 versions zip",
    // the web app's pages
    "about account admin app assets audit-log data docs favicon help home invite legal login logout manifest members new next",
    "notifications privacy profile public purge receipts register robots settings sign-in sign-out sign-up signin signout signup",
    "sitemap static status support terms tokens user users welcome well-known workspace workspaces",
  ]
    .join(" ")
    .split(" "),
);

/** Whether no workspace, project or model may have this slug, because a path of ours would hide it. */
export const isReservedSlug = (slug: string): boolean => RESERVED.has(slug);
