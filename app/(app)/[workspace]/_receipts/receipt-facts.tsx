import { getFormatter, getLocale, getTranslations } from "next-intl/server";
import type { ReactNode } from "react";
import { Badge } from "@/app/_ui/badge";
import { ClientMessages } from "@/app/_ui/client-messages";
import { escapeName } from "@/app/_ui/exact-name";
import { formatBytes } from "@/app/_ui/number";
import { TextLink } from "@/app/_ui/text-link";
import { Time } from "@/app/_ui/time";
import { readStoreFailure, type Receipt } from "@/lib/domain/trash";
import { receiptQuery } from "@/lib/doors/receipts/view";
import { projectOfRemoval } from "@/lib/domain/item-state";
import { LookAgain } from "./look-again";

/** What the purged item was called, with every character that one cannot see; a training, or images, in the viewer's language. */
export async function receiptName({ itemType, itemName, trainingNumber, sourceImages }: Receipt): Promise<string> {
  const t = await getTranslations("receipt");
  if (itemType === "IMAGES")
    return t("images", { count: sourceImages, project: escapeName(projectOfRemoval(itemName)) });
  return itemType === "TRAINING" && trainingNumber !== null
    ? t("training", { number: trainingNumber })
    : escapeName(itemName);
}

export const receiptsPath = (workspaceSlug: string): string => `/${workspaceSlug}/settings/receipts`;

/** Who, when, why, how much, and whether that is proved. `exact`, as a document is: with every instant in UTC beside it. */
export async function ReceiptFacts({
  workspaceSlug,
  receipt,
  mayLook,
  exact = false,
}: {
  workspaceSlug: string;
  receipt: Receipt;
  mayLook: boolean;
  exact?: boolean;
}) {
  const [t, format, locale] = [await getTranslations("receipt"), await getFormatter(), await getLocale()];
  const { versionNumber, projectSlug, deletedById, deletedByName, verifiedAt } = receipt;
  const at = (instant: Date) => (exact ? <Instant at={instant} /> : <Time at={instant} />);
  const gone = [
    receipt.itemType === "PROJECT" ? t("goneVersions", { count: receipt.versions }) : null,
    receipt.itemType === "TRAINING" || receipt.itemType === "IMAGES"
      ? null
      : t("goneImages", { count: receipt.images }),
    receipt.sourceImages > 0 ? t("goneSourceImages", { count: receipt.sourceImages }) : null,
    receipt.trainings > 0 ? t("goneTrainings", { count: receipt.trainings }) : null,
    receipt.models > 0 ? t("goneModels", { count: receipt.models }) : null,
  ].filter((part) => part !== null);
  return (
    <dl className="divide-y divide-line rounded-lg border border-line">
      <Row label={t("what")}>
        <bdi>{await receiptName(receipt)}</bdi>
        <span className="font-mono text-sm text-muted">
          {" "}
          {projectSlug}
          {versionNumber === null ? "" : ` v${versionNumber}`}
        </span>
      </Row>
      <Row label={t("when")}>{at(receipt.purgedAt)}</Row>
      <Row label={t("who")}>{receipt.actorType === "SYSTEM" ? t("scheduledRun") : receipt.actorName}</Row>
      <Row label={t("why")}>{t(`reasons.${receipt.reason}`)}</Row>
      {receipt.note === null ? null : <Row label={t("note")}>{receipt.note}</Row>}
      {receipt.deletedAt ? (
        <Row label={t("movedToTrash")}>
          {at(receipt.deletedAt)}{" "}
          {deletedById === null ? null : t("movedBy", { name: deletedByName ?? t("deletedUser", { id: deletedById }) })}
        </Row>
      ) : null}
      {receipt.deletedNote === null ? null : <Row label={t("deletedNote")}>{receipt.deletedNote}</Row>}
      {exact && receipt.purgeAfter ? <Row label={t("scheduled")}>{at(receipt.purgeAfter)}</Row> : null}
      {gone.length > 0 ? <Row label={t("gone")}>{format.list(gone)}</Row> : null}
      <Row label={t("files")}>
        {t("filesValue", {
          count: verifiedAt ? receipt.removedFiles : receipt.expectedFiles,
          size: formatBytes(locale, verifiedAt ? receipt.removedBytes : receipt.expectedBytes),
        })}
        <Missing receipt={receipt} />
      </Row>
      <Row label={t("proof")}>
        {verifiedAt ? (
          <span className="flex flex-wrap items-center gap-2">
            <Badge tone="ok">{t("verified")}</Badge>
            <span className="text-muted">{t.rich("verifiedText", { time: () => at(verifiedAt) })}</span>
          </span>
        ) : (
          <span className="flex flex-wrap items-center gap-2">
            <Badge tone="warn">{t("unverified")}</Badge>
            <span className="text-muted">
              {receipt.lastError === null ? t("unverifiedText") : <StoreProblem receipt={receipt} />}
            </span>
          </span>
        )}
      </Row>
      {verifiedAt ? (
        <Row label={t("secondLook")}>
          <div className="grid gap-2">
            <p className="text-muted">
              {receipt.lookedAgainAt
                ? t.rich("lookedAgain", { time: () => at(receipt.lookedAgainAt!) })
                : t("looksAgain")}
            </p>
            {mayLook ? (
              <div className="print:hidden">
                <ClientMessages namespaces={["receipt"]}>
                  <LookAgain workspaceSlug={workspaceSlug} receiptId={receipt.id} />
                </ClientMessages>
              </div>
            ) : null}
          </div>
        </Row>
      ) : null}
      {receipt.lateAt ? (
        <Row label={t("late")}>
          {t.rich("lateValue", {
            count: receipt.lateFiles,
            size: formatBytes(locale, receipt.lateBytes),
            time: () => at(receipt.lateAt!),
          })}
        </Row>
      ) : null}
      {exact && receipt.parentReceiptId !== null ? (
        <Row label={t("partOf")}>
          <TextLink href={`${receiptsPath(workspaceSlug)}/${receipt.parentReceiptId}`}>{t("partOfProject")}</TextLink>
        </Row>
      ) : null}
      {exact && receipt.itemType === "PROJECT" && receipt.versions > 0 ? (
        <Row label={t("parts")}>
          <TextLink
            href={`${receiptsPath(workspaceSlug)}${receiptQuery({ search: receipt.projectSlug, type: "VERSION" })}`}
          >
            {t("partsLink")}
          </TextLink>
        </Row>
      ) : null}
      <Row label={t("number")}>
        <code className="font-mono text-sm break-all">{receipt.id}</code>
      </Row>
    </dl>
  );
}

/** An instant as the viewer's clock has it, and in UTC. */
export function Instant({ at }: { at: Date }) {
  return (
    <>
      <Time at={at} />{" "}
      <span className="text-sm whitespace-nowrap text-muted">{`(${at.toISOString().slice(0, 19).replace("T", " ")} UTC)`}</span>
    </>
  );
}

/** What the store said, where it failed to remove the files, and when it is tried again. */
export async function StoreProblem({ receipt }: { receipt: Pick<Receipt, "lastError" | "nextAttemptAt"> }) {
  const t = await getTranslations("receipt");
  const { lastError, nextAttemptAt } = receipt;
  const { kind, code } = readStoreFailure(lastError ?? "");
  return (
    <>
      {t(`storeProblems.${kind}`)}
      {code === null ? null : <span className="text-muted"> ({code})</span>}
      {nextAttemptAt ? (
        <span className="block">{t.rich("nextTry", { time: () => <Time at={nextAttemptAt} /> })}</span>
      ) : null}
    </>
  );
}

/** That the store had less than was expected, and why. */
async function Missing({ receipt }: { receipt: Receipt }) {
  if (receipt.missingFiles === 0) return null;
  const t = await getTranslations("receipt");
  const values = { missing: receipt.missingFiles, expected: receipt.expectedFiles };
  return <p className="text-sm text-warn">{t(receipt.countedAt ? "missing" : "uncounted", values)}</p>;
}

function Row({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="grid gap-x-4 px-3 py-2 sm:grid-cols-[10rem_minmax(0,1fr)]">
      <dt className="text-muted">{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}
