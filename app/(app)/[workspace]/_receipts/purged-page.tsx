import { getTranslations } from "next-intl/server";
import { LinkButton } from "@/app/_ui/link-button";
import { PageHeader } from "@/app/_ui/page-header";
import { allows } from "@/lib/domain/permissions";
import { getReceipt } from "@/lib/domain/trash";
import { page } from "@/lib/doors/page";
import { ReceiptFacts, receiptName, receiptsPath } from "./receipt-facts";

/** What members see at the address of something that is gone for good: its receipt. */
export async function PurgedPage({ workspaceSlug, receiptId }: { workspaceSlug: string; receiptId: string }) {
  const { receipt, mayLook } = await page(async (ctx) => ({
    receipt: await getReceipt(ctx, { workspaceSlug, receiptId }),
    mayLook: allows(ctx, "purge", workspaceSlug),
  }));
  const t = await getTranslations("receipt");
  const number = receipt.versionNumber === null ? "" : ` v${receipt.versionNumber}`;
  return (
    <div className="grid max-w-2xl gap-6">
      <PageHeader
        breadcrumbs={[
          { label: t("projects"), href: `/${workspaceSlug}` },
          { label: `${receipt.projectSlug}${number}` },
        ]}
        title={t("title", { name: await receiptName(receipt) })}
        meta={t("text", { type: receipt.itemType })}
        actions={<LinkButton href={`${receiptsPath(workspaceSlug)}/${receipt.id}`}>{t("inFull")}</LinkButton>}
      />
      <ReceiptFacts workspaceSlug={workspaceSlug} receipt={receipt} mayLook={mayLook} />
    </div>
  );
}
