import { getFormatter, getTranslations } from "next-intl/server";
import { z } from "zod";
import { escapeName } from "@/app/_ui/exact-name";
import { TextLink } from "@/app/_ui/text-link";
import { AUDIT_ACTIONS } from "@/lib/domain/audit";
import type { AuditPage } from "@/lib/domain/workspaces";

export type LoggedEvent = AuditPage["events"][number];

/** What events may tell beside their target. An event of an older release can lack any of it. */
const detailsSchema = z.object({
  cancelledTrainings: z.array(z.string()).catch([]),
  before: z.string().catch(""),
  role: z.string().catch(""),
  reason: z.string().catch(""),
  detail: z.string().catch(""),
  note: z.string().catch(""),
  model: z.string().catch(""),
  format: z.string().catch(""),
  file: z.string().catch(""),
  images: z.number().catch(0),
  boxes: z.number().catch(0),
  files: z.number().catch(0),
  items: z.number().catch(0),
  act: z.string().catch(""),
  failed: z.number().catch(0),
  scopes: z.array(z.string()).catch([]),
});

/** What an event is about, as people know it: a training by its version, a name with what cannot be seen in it. */
export async function nameOfTarget({ targetType, targetName, place }: LoggedEvent): Promise<string> {
  const number = targetType === "training" ? /^Training (\d+)$/.exec(targetName)?.[1] : undefined;
  if (number === undefined) return escapeName(targetName);
  const t = await getTranslations("audit");
  const { versionNumber, projectName, projectSlug } = place ?? {};
  return versionNumber === undefined || versionNumber === null
    ? t("training", { number })
    : t("trainingIn", { number, project: escapeName(projectName ?? projectSlug ?? ""), version: versionNumber });
}

/** Where it is now: its page, Trash, the receipt of its purge; null when there is no way to it. */
function hrefOf({ targetType, targetName, place }: LoggedEvent, workspaceSlug: string): string | null {
  const root = `/${workspaceSlug}`;
  if (place?.state === "purged") return `${root}/settings/receipts/${place.receiptId}`;
  if (place?.state === "in_trash") return `${root}/settings/trash?${new URLSearchParams({ q: targetName }).toString()}`;
  if (place) return `${root}/${place.projectSlug}${place.versionNumber === null ? "" : `/${place.versionNumber}`}`;
  switch (targetType) {
    case "workspace":
      return root;
    case "api_key":
      return `${root}/settings/api-keys`;
    case "user":
      return `${root}/settings/members`;
    default:
      return null;
  }
}

/** What happened, as a sentence about its target; an action that has none yet is named by its code. */
export async function Sentence({ event, workspaceSlug }: { event: LoggedEvent; workspaceSlug: string }) {
  const [t, common, format] = [await getTranslations("audit"), await getTranslations("common"), await getFormatter()];
  const [name, href] = [await nameOfTarget(event), hrefOf(event, workspaceSlug)];
  const action = AUDIT_ACTIONS.find((known) => known === event.action);
  if (action === undefined) {
    return (
      <p className="wrap-anywhere">
        <code className="font-mono">{event.action}</code> {name}
      </p>
    );
  }
  const { cancelledTrainings, before, role, scopes, note, ...details } = detailsSchema.parse(event.details);
  // "2", a training of the version itself, or "3.2", one of the project's version 3.
  const trainings = cancelledTrainings.map((path) => {
    const [first = "", second] = path.split(".");
    return second === undefined
      ? t("training", { number: first })
      : t("trainingOf", { version: first, number: second });
  });
  const { place } = event;
  return (
    <>
      <p className="wrap-anywhere">
        {t.rich(`sentences.${action}`, {
          ...details,
          file: escapeName(details.file),
          name,
          item: (words) => (href === null ? <bdi>{words}</bdi> : <TextLink href={href}>{words}</TextLink>),
          cancelled: trainings.length,
          trainings: format.list(trainings),
          before: action.endsWith(".renamed") ? escapeName(before) : common("role", { role: before }),
          role: common("role", { role }),
          scopes: scopes.length,
        })}
        {event.targetType === "version" && place && place.versionNumber !== null ? (
          <span className="text-muted">
            {" "}
            {t("versionIn", {
              project: escapeName(place.projectName ?? place.projectSlug),
              number: place.versionNumber,
            })}
          </span>
        ) : null}
      </p>
      {note === "" ? null : (
        <p className="text-muted wrap-anywhere">
          {t.rich("note", { note: escapeName(note), bdi: (words) => <bdi>{words}</bdi> })}
        </p>
      )}
      {action.endsWith("failed") ? <Why action={action} {...details} /> : null}
    </>
  );
}

/** In the words that the version's own page has for it; what a trainer elsewhere said, as it said it. */
async function Why({ action, reason, detail }: { action: string; reason: string; detail: string }) {
  const t = (await getTranslations("versions")) as unknown as ((key: string, values: object) => string) & {
    has(key: string): boolean;
  };
  const key = `${action === "training.failed" ? "trainings.failed" : "failure"}.${reason}`;
  const words = /^[a-z_ ]+$/.test(reason) && t.has(key) ? t(key, { detail: escapeName(detail) }) : escapeName(reason);
  return words === "" ? null : <p className="wrap-anywhere text-muted">{words}</p>;
}
