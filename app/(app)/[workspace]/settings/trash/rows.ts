import type { ListedItem } from "@/lib/domain/trash";

/** An item as the browser must know it to act on it. */
export interface Row extends Pick<
  ListedItem,
  "type" | "id" | "name" | "deletedAt" | "projectId" | "versionId" | "number" | "blockedBy" | "loss"
> {
  /** How people call it: "digits v3". */
  label: string;
  projectName: string;
}
