import { getFormatter, getTranslations } from "next-intl/server";
import { z } from "zod";
import { AUDIT_ACTIONS } from "@/lib/domain/audit";
import type { AuditEvent } from "@/lib/domain/workspaces";

/** What events may tell beside their target. An event of an older release can lack any of it. */
const detailsSchema = z.object({
  cancelledTrainings: z.array(z.string()).catch([]),
  before: z.string().catch(""),
  role: z.string().catch(""),
  reason: z.string().catch(""),
  model: z.string().catch(""),
  images: z.number().catch(0),
  files: z.number().catch(0),
  scopes: z.array(z.string()).catch([]),
});

/** What happened, as a sentence about its target; an action that has none yet is named by its code. */
export async function Sentence({ event }: { event: AuditEvent }) {
  const [t, common, format] = [await getTranslations("audit"), await getTranslations("common"), await getFormatter()];
  const action = AUDIT_ACTIONS.find((known) => known === event.action);
  if (action === undefined) {
    return (
      <>
        <code className="font-mono">{event.action}</code> {event.targetName}
      </>
    );
  }
  const { cancelledTrainings, before, role, scopes, ...details } = detailsSchema.parse(event.details);
  // "2", a training of the version itself, or "3.2", one of the project's version 3.
  const trainings = cancelledTrainings.map((path) => {
    const [first = "", second] = path.split(".");
    return second === undefined
      ? t("training", { number: first })
      : t("trainingOf", { version: first, number: second });
  });
  const trainingNumber = event.targetType === "training" ? /^Training (\d+)$/.exec(event.targetName)?.[1] : undefined;
  return (
    <p className="wrap-anywhere">
      {t(`sentences.${action}`, {
        ...details,
        name: trainingNumber === undefined ? event.targetName : t("training", { number: trainingNumber }),
        cancelled: trainings.length,
        trainings: format.list(trainings),
        before: action.endsWith(".renamed") ? before : common("role", { role: before }),
        role: common("role", { role }),
        scopes: scopes.length,
      })}
    </p>
  );
}
