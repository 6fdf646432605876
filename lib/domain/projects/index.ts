export { renameProject } from "./rename";
export {
  createProject,
  getProject,
  getVersionWithProject,
  getWorkspace,
  previewSlug,
  type ProjectWithVersions,
  type ProjectView,
  type VersionWithProject,
  type WorkspaceView,
} from "./projects";
export { getProjectsPage, type ProjectsPage } from "./page";
