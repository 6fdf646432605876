export { getNavigation, TRASH_COUNT_MAX, type Navigation } from "./navigation";
export type { AuditActor } from "./audit-actors";
export {
  AUDIT_GROUPS,
  AUDIT_ITEM_TYPES,
  auditGroupOf,
  getAuditActors,
  listAuditEvents,
  readAuditEvents,
  type AuditEvent,
  type AuditFilter,
  type AuditGroup,
  type AuditItemType,
  type AuditPage,
} from "./audit-log";
export type { Place } from "./audit-places";
export { getUsageByProject, type Holding, type ProjectUsage, type WorkspaceUsage } from "./usage";
export { getInventory } from "./inventory";
export { createWorkspace, systemMembership } from "./workspaces";
