"use client";

import { useTranslations } from "next-intl";
import { useState, useTransition } from "react";
import { Button } from "@/app/_ui/button";
import { Dialog, DialogContent, DialogTrigger } from "@/app/_ui/dialog";
import { toastError } from "@/app/_ui/toast";
import { renewInviteAction } from "./actions";
import { useLinkContent, type Invited } from "./link-content";
import type { PersonRow } from "./roles";

/** Makes a new one-time link for somebody who has not set a password yet, and shows it. */
export function NewLink({ workspaceSlug, member }: { workspaceSlug: string; member: PersonRow }) {
  const t = useTranslations("members");
  const common = useTranslations("common");
  const [link, setLink] = useState<Invited["link"] | null>(null);
  const contentOf = useLinkContent();
  const [pending, startTransition] = useTransition();

  const renew = () =>
    startTransition(async () => {
      const result = await renewInviteAction({ workspaceSlug, userId: member.userId }).catch(() => null);
      if (result?.ok) setLink(result.data);
      else toastError(result?.error.message ?? common("unknown"));
    });

  return (
    <Dialog open={link !== null} onOpenChange={(open) => (open ? renew() : setLink(null))}>
      <DialogTrigger asChild>
        <Button size="sm" pending={pending} aria-label={t("newLinkFor", { name: member.name })}>
          {t("newLink")}
        </Button>
      </DialogTrigger>
      {link ? <DialogContent {...contentOf({ name: member.name, link })} /> : null}
    </Dialog>
  );
}
