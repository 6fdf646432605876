import { getFormatter, getLocale, getTranslations } from "next-intl/server";
import type { ReactNode } from "react";
import { Badge } from "@/app/_ui/badge";
import { ClientMessages } from "@/app/_ui/client-messages";
import { escapeName } from "@/app/_ui/exact-name";
import { formatBytes } from "@/app/_ui/number";
import { PageHeader } from "@/app/_ui/page-header";
import { Time } from "@/app/_ui/time";
import { allows } from "@/lib/domain/permissions";
import { getReceipt, type Receipt } from "@/lib/domain/trash";
import { page } from "@/lib/doors/page";
import { LookAgain } from "./look-again";

/** What members see where something was that is gone for good: who, when, why, how much, and whether that is proved. */
export async function ReceiptPage({ workspaceSlug, receiptId }: { workspaceSlug: string; receiptId: string }) {
  const { receipt, mayLook } = await page(async (ctx) => ({
    receipt: await getReceipt(ctx, { workspaceSlug, receiptId }),
    mayLook: allows(ctx, "purge", workspaceSlug),
  }));
  const [t, format, locale] = [await getTranslations("versions.receipt"), await getFormatter(), await getLocale()];
  const name = escapeName(receipt.itemName);
  const number = receipt.versionNumber === null ? "" : ` v${receipt.versionNumber}`;
  const gone = [
    receipt.itemType === "PROJECT" ? t("goneVersions", { count: receipt.versions }) : null,
    t("goneImages", { count: receipt.images }),
    receipt.sourceImages > 0 ? t("goneSourceImages", { count: receipt.sourceImages }) : null,
    receipt.trainings > 0 ? t("goneTrainings", { count: receipt.trainings }) : null,
    receipt.models > 0 ? t("goneModels", { count: receipt.models }) : null,
  ].filter((part) => part !== null);
  return (
    <div className="grid max-w-2xl gap-6">
      <PageHeader
        breadcrumbs={[
          { label: t("projects"), href: `/${workspaceSlug}` },
          { label: `${receipt.projectSlug}${number}` },
        ]}
        title={t("title", { name })}
        meta={t("text", { type: receipt.itemType })}
      />
      <dl className="divide-y divide-line rounded-lg border border-line">
        <Row label={t("what")}>
          <bdi>{name}</bdi>
          {number === "" ? null : <span className="font-mono text-sm text-muted">{number}</span>}
        </Row>
        <Row label={t("when")}>
          <Time at={receipt.purgedAt} />
        </Row>
        <Row label={t("who")}>{receipt.actorType === "SYSTEM" ? t("scheduledRun") : receipt.actorName}</Row>
        <Row label={t("why")}>{t(`reasons.${receipt.reason}`)}</Row>
        {receipt.deletedAt ? (
          <Row label={t("movedToTrash")}>
            <Time at={receipt.deletedAt} />
          </Row>
        ) : null}
        <Row label={t("gone")}>{format.list(gone)}</Row>
        <Row label={t("files")}>
          {t("filesValue", {
            count: receipt.verifiedAt ? receipt.removedFiles : receipt.expectedFiles,
            size: formatBytes(locale, receipt.verifiedAt ? receipt.removedBytes : receipt.expectedBytes),
          })}
          <Missing receipt={receipt} />
        </Row>
        <Row label={t("proof")}>
          {receipt.verifiedAt ? (
            <span className="flex flex-wrap items-center gap-2">
              <Badge tone="ok">{t("verified")}</Badge>
              <span className="text-muted">
                {t.rich("verifiedText", { time: () => <Time at={receipt.verifiedAt!} /> })}
              </span>
            </span>
          ) : (
            <span className="flex flex-wrap items-center gap-2">
              <Badge tone="warn">{t("unverified")}</Badge>
              <span className="text-muted">{t("unverifiedText")}</span>
            </span>
          )}
        </Row>
        {receipt.verifiedAt ? (
          <Row label={t("secondLook")}>
            <div className="grid gap-2">
              <p className="text-muted">
                {receipt.lookedAgainAt
                  ? t.rich("lookedAgain", { time: () => <Time at={receipt.lookedAgainAt!} /> })
                  : t("looksAgain")}
              </p>
              {mayLook ? (
                <ClientMessages namespaces={["versions"]}>
                  <LookAgain workspaceSlug={workspaceSlug} receiptId={receipt.id} />
                </ClientMessages>
              ) : null}
            </div>
          </Row>
        ) : null}
        {receipt.lateAt ? (
          <Row label={t("late")}>
            {t.rich("lateValue", {
              count: receipt.lateFiles,
              size: formatBytes(locale, receipt.lateBytes),
              time: () => <Time at={receipt.lateAt!} />,
            })}
          </Row>
        ) : null}
        <Row label={t("number")}>
          <code className="font-mono text-sm break-all">{receipt.id}</code>
        </Row>
      </dl>
    </div>
  );
}

/** That the store had less than was expected, and why. */
async function Missing({ receipt }: { receipt: Receipt }) {
  if (receipt.missingFiles === 0) return null;
  const t = await getTranslations("versions.receipt");
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
