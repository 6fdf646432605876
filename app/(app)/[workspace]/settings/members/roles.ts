import type { Member } from "@/lib/domain/people";

export type Role = Member["role"];

export const ROLES = ["OWNER", "EDITOR", "VIEWER"] as const satisfies readonly Role[];

export const isRole = (text: string): text is Role => ROLES.some((role) => role === text);

/** The member of a row, for its controls. */
export interface PersonRow {
  userId: string;
  name: string;
  /** Is who looks at the page. */
  self: boolean;
}
