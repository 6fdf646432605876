"use client";

import { useTranslations } from "next-intl";
import { Button } from "@/app/_ui/button";
import { Dialog, DialogClose, DialogContent } from "@/app/_ui/dialog";
import type { Failures } from "./use-desk";

/** What could not be done, item by item, and why. */
export function FailuresDialog({ title, list, onClose }: Failures & { onClose: () => void }) {
  const t = useTranslations("trash");
  const common = useTranslations("common");
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()}>
      <DialogContent
        title={title}
        description={t("failures")}
        foot={
          <DialogClose asChild>
            <Button>{common("close")}</Button>
          </DialogClose>
        }
      >
        <dl className="grid gap-3 border-t border-line pt-3 text-sm">
          {list.map(({ label, reason }) => (
            <div key={label} className="grid gap-0.5">
              <dt className="font-medium break-words">
                <bdi>{label}</bdi>
              </dt>
              <dd className="text-muted">{reason}</dd>
            </div>
          ))}
        </dl>
      </DialogContent>
    </Dialog>
  );
}
