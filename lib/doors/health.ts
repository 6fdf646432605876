import { DomainError } from "@/lib/domain/errors";
import { databaseNow } from "@/lib/platform/db";

/** Whether the database answers. Throws `busy` when it does not, whatever the reason, which goes to the log alone. */
export async function checkHealth(): Promise<{ status: "ok" }> {
  try {
    await databaseNow();
  } catch (error) {
    throw new DomainError("busy", "The database does not answer. Try again in a few seconds.", {}, { cause: error });
  }
  return { status: "ok" };
}
