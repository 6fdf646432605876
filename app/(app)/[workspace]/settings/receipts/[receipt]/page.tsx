import type { Metadata } from "next";
import { getTranslations } from "next-intl/server";
import { ClientMessages } from "@/app/_ui/client-messages";
import { PageHeader } from "@/app/_ui/page-header";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/app/_ui/table";
import { allows, authorize } from "@/lib/domain/permissions";
import { getReceipt, getReceiptProof, type ReceiptEntry, type ReceiptHead } from "@/lib/domain/trash";
import { page } from "@/lib/doors/page";
import { Instant, ReceiptFacts, receiptName, receiptsPath } from "../../../_receipts/receipt-facts";
import { PrintButton } from "./print-button";

interface Props {
  params: Promise<{ workspace: string; receipt: string }>;
}

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations("receipts.document"))("label") };
}

/** One receipt in full, on paper too: everything that it says, and where the chain tells of it. */
export default async function ReceiptPage({ params }: Props) {
  const { workspace: workspaceSlug, receipt: receiptId } = await params;
  const { workspace, now, receipt, proof, mayLook } = await page(async (ctx) => ({
    workspace: authorize(ctx, "read trash", workspaceSlug),
    now: ctx.now,
    receipt: await getReceipt(ctx, { workspaceSlug, receiptId }),
    proof: await getReceiptProof(ctx, { workspaceSlug, receiptId }),
    mayLook: allows(ctx, "purge", workspaceSlug),
  }));
  const [t, list, one] = [
    await getTranslations("receipts.document"),
    await getTranslations("receipts"),
    await getTranslations("receipt"),
  ];
  const name = await receiptName(receipt);
  return (
    <article className="grid max-w-3xl gap-6">
      <PageHeader
        breadcrumbs={[
          { label: workspace.name, href: `/${workspaceSlug}` },
          { label: list("title"), href: receiptsPath(workspaceSlug) },
          { label: name },
        ]}
        title={one("title", { name })}
        meta={
          <p>
            {`${t("label")} · ${workspace.name} (${workspaceSlug}) · `}
            {t.rich("asOf", { time: () => <Instant at={now} /> })}
          </p>
        }
        actions={
          <ClientMessages namespaces={["receipts"]}>
            <PrintButton />
          </ClientMessages>
        }
      />
      <ReceiptFacts workspaceSlug={workspaceSlug} receipt={receipt} mayLook={mayLook} exact />
      <Chain workspaceSlug={workspaceSlug} {...proof} />
    </article>
  );
}

async function Chain({
  workspaceSlug,
  entries,
  head,
}: {
  workspaceSlug: string;
  entries: ReceiptEntry[];
  head: ReceiptHead | null;
}) {
  const t = await getTranslations("receipts.document");
  const command = `npm run admin -- verify-receipts --workspace ${workspaceSlug}${head?.signed ? ` --head ${head.signed}` : ""}`;
  return (
    <section className="grid gap-3">
      <div className="grid gap-1">
        <h2 className="text-lg font-semibold">{t("chain")}</h2>
        <p className="text-muted">{t("chainText")}</p>
      </div>
      <Table label={t("chain")}>
        <TableHead>
          <TableRow>
            <TableHeader numeric>{t("entry")}</TableHeader>
            <TableHeader>{t("says")}</TableHeader>
            <TableHeader>{t("hash")}</TableHeader>
          </TableRow>
        </TableHead>
        <TableBody>
          {entries.map(({ number, kind, hash, previousHash }) => (
            <TableRow key={number} className="break-inside-avoid align-top">
              <TableCell numeric>{number}</TableCell>
              <TableCell className="whitespace-nowrap">{t(`kinds.${kind}`)}</TableCell>
              <TableCell className="w-full min-w-64">
                <code className="block font-mono text-xs break-all">{hash}</code>
                <code className="mt-1 block font-mono text-xs break-all text-muted">{previousHash}</code>
              </TableCell>
            </TableRow>
          ))}
        </TableBody>
      </Table>
      {head ? (
        <dl className="grid gap-3 break-inside-avoid">
          <div className="grid gap-1">
            <dt className="text-muted">{t("head", { number: head.number })}</dt>
            <dd>{head.signed ? <code className="font-mono text-xs break-all">{head.signed}</code> : t("unsigned")}</dd>
          </div>
          <div className="grid gap-1">
            <dt className="text-muted">{t("verify")}</dt>
            <dd>
              <code className="font-mono text-xs break-all">{command}</code>
            </dd>
          </div>
        </dl>
      ) : null}
    </section>
  );
}
