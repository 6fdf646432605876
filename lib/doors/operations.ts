import { exportOperations } from "@/lib/doors/exports/operations";
import { imageOperations } from "@/lib/doors/images/operations";
import { inferenceOperations } from "@/lib/doors/inference/operations";
import { modelOperations } from "@/lib/doors/models/operations";
import { keyOperations } from "@/lib/doors/people/operations";
import { projectOperations } from "@/lib/doors/projects/operations";
import { receiptOperations } from "@/lib/doors/receipts/operations";
import { searchOperations } from "@/lib/doors/search/operations";
import { serverOperations } from "@/lib/doors/server/operations";
import { taskOperations } from "@/lib/doors/tasks/operations";
import { trainingOperations } from "@/lib/doors/trainings/operations";
import { trashOperations } from "@/lib/doors/trash/operations";
import { versionOperations } from "@/lib/doors/versions/operations";
import { workspaceOperations } from "@/lib/doors/workspaces/operations";
import type { AnyOperation } from "./operation";

/*
 * A noun's folder has its operations, the schemas of what they take and give, and its presenters: what the domain answers,
 * in the words of the official client (slugs joined to ids, epoch seconds, kebab-case types).
 */

/** Every operation of the REST API, one for each method of each route. */
export const operations = {
  ...keyOperations,
  ...workspaceOperations,
  ...projectOperations,
  ...imageOperations,
  ...searchOperations,
  ...taskOperations,
  ...versionOperations,
  ...exportOperations,
  ...trainingOperations,
  ...modelOperations,
  ...inferenceOperations,
  ...trashOperations,
  ...receiptOperations,
  ...serverOperations,
};

export const allOperations: readonly AnyOperation[] = Object.values(operations);
