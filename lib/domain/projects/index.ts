export { renameProject } from "./rename";
export {
  createProject,
  getProject,
  getVersionPage,
  getWorkspace,
  type ProjectPage,
  type ProjectView,
  type VersionPage,
  type WorkspaceView,
} from "./projects";
export { getProjectsPage, type ProjectsPage } from "./page";
