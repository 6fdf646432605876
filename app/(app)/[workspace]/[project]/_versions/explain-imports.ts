import { DomainError } from "@/lib/domain/errors";
import type { VersionImport } from "@/lib/domain/versions";
import { explain } from "@/lib/doors/explain";

/** An import that is no version yet, in the person's language. */
export interface ToldImport {
  taskId: string;
  fileName: string;
  /** null: it is under way. */
  why: string | null;
}

export const explainImports = (imports: readonly VersionImport[]): Promise<ToldImport[]> =>
  Promise.all(
    imports.map(async ({ taskId, fileName, problem }) => ({
      taskId,
      fileName,
      why: problem && (await explain(new DomainError(problem.code, problem.message, problem.details), taskId)).message,
    })),
  );
