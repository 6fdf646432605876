/** The page of what was done to Trash, or of one act. */
export const activityHref = (workspaceSlug: string, jobId?: string): string =>
  `/${workspaceSlug}/settings/trash/activity${jobId === undefined ? "" : `/${jobId}`}`;
