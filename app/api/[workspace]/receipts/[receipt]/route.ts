import { getReceipt, getReceiptProof } from "@/lib/domain/trash";
import { operations } from "@/lib/doors/operations";
import { presentReceiptInFull } from "@/lib/doors/receipts/presenters";
import { resource, route } from "@/lib/doors/route";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = resource({
  GET: route(operations.getReceipt, async ({ ctx, params }) => {
    const ref = { workspaceSlug: params.workspace, receiptId: params.receipt };
    return presentReceiptInFull(await getReceipt(ctx, ref), await getReceiptProof(ctx, ref));
  }),
});
