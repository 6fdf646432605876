export { getNavigation, TRASH_COUNT_MAX, type Navigation } from "./navigation";
export { AUDIT_GROUPS, listAuditEvents, type AuditEvent, type AuditGroup } from "./audit-log";
export { getUsageByProject, type Holding, type ProjectUsage, type WorkspaceUsage } from "./usage";
export { getInventory } from "./inventory";
export { createWorkspace, systemMembership } from "./workspaces";
