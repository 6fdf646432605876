"use client";

import { useTranslations } from "next-intl";
import { Button } from "@/app/_ui/button";
import { DialogClose, DialogContent } from "@/app/_ui/dialog";
import { Secret } from "@/app/_ui/secret";
import { Time } from "@/app/_ui/time";

export interface InviteLink {
  url: string;
  until: Date;
}

/** The one-time link to hand over, until when it works, and that it is shown only now. */
export function LinkContent({ name, link }: { name: string; link: InviteLink }) {
  const t = useTranslations("members");
  return (
    <DialogContent
      wide
      keep
      title={t("linkTitle", { name })}
      description={t("linkText", { name })}
      foot={
        <DialogClose asChild>
          <Button variant="primary">{t("done")}</Button>
        </DialogClose>
      }
    >
      <Secret text={link.url} label={t("link")} copyLabel={t("copyLink")} />
      <p className="text-sm text-muted">{t.rich("linkUntil", { until: () => <Time at={link.until} /> })}</p>
    </DialogContent>
  );
}
