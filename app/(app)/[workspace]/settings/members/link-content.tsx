"use client";

import { useTranslations } from "next-intl";
import type { ComponentProps } from "react";
import { Button } from "@/app/_ui/button";
import { DialogClose, type DialogContent } from "@/app/_ui/dialog";
import { Secret } from "@/app/_ui/secret";
import { Time } from "@/app/_ui/time";

export interface Invited {
  name: string;
  link: { url: string; until: Date };
}

/** What a dialog shows of a one-time link: the link to hand over, until when it works, and that it is shown only now. */
export function useLinkContent(): (invited: Invited) => ComponentProps<typeof DialogContent> {
  const t = useTranslations("members");
  return ({ name, link }) => ({
    wide: true,
    keep: true,
    title: t("linkTitle", { name }),
    description: t("linkText", { name }),
    foot: (
      <DialogClose asChild>
        <Button variant="primary">{t("done")}</Button>
      </DialogClose>
    ),
    children: (
      <>
        <Secret text={link.url} label={t("link")} copyLabel={t("copyLink")} />
        <p className="text-sm text-muted">{t.rich("linkUntil", { until: () => <Time at={link.until} /> })}</p>
      </>
    ),
  });
}
