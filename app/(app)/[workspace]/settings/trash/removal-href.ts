/** The page of images that went to Trash together. */
export const removalHref = (workspaceSlug: string, removalId: string): string =>
  `/${workspaceSlug}/settings/trash/images/${removalId}`;
