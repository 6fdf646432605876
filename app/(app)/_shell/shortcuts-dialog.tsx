"use client";

import { useTranslations } from "next-intl";
import { Dialog, DialogContent } from "@/app/_ui/dialog";
import { Kbd } from "@/app/_ui/kbd";

/** The list of keyboard shortcuts; loaded when it is asked for. */
export function ShortcutsDialog({ onClose }: { onClose: () => void }) {
  const t = useTranslations("shell");
  const list: [string[], string][] = [
    [["g", "p"], t("goTo", { place: t("projects") })],
    [["g", "t"], t("goTo", { place: t("trash") })],
    [["g", "u"], t("goTo", { place: t("usage") })],
    [["?"], t("showShortcuts")],
  ];
  return (
    <Dialog open onOpenChange={onClose}>
      <DialogContent title={t("shortcuts")} description={t("shortcutsHelp")}>
        <dl className="grid gap-2">
          {list.map(([keys, what]) => (
            <div key={what} className="flex items-center justify-between gap-4">
              <dt>{what}</dt>
              <dd className="flex gap-1">
                {keys.map((key) => (
                  <Kbd key={key}>{key}</Kbd>
                ))}
              </dd>
            </div>
          ))}
        </dl>
      </DialogContent>
    </Dialog>
  );
}
