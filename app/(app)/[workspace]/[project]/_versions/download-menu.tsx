"use client";

import { ChevronDown, Download } from "lucide-react";
import { useTranslations } from "next-intl";
import dynamic from "next/dynamic";
import { Popover } from "radix-ui";
import { Button } from "@/app/_ui/button";
import { Skeleton } from "@/app/_ui/skeleton";

const DownloadList = dynamic(async () => (await import("./download-list")).DownloadList, {
  ssr: false,
  loading: () => <Skeleton className="m-4 h-10" />,
});

/** What a version can be downloaded as, behind a button. `url` is the version under /data. */
export function DownloadMenu({ url, name }: { url: string; name: string }) {
  const t = useTranslations("versions.downloads");
  return (
    <Popover.Root>
      <Popover.Trigger asChild>
        <Button>
          <Download aria-hidden />
          {t("title")}
          <ChevronDown aria-hidden />
        </Button>
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          align="end"
          sideOffset={4}
          collisionPadding={8}
          aria-label={t("of", { name })}
          className="z-40 max-h-[var(--radix-popover-content-available-height)] w-[min(24rem,calc(100vw-1rem))] animate-appear overflow-y-auto rounded-lg border border-line bg-raised shadow-raised"
        >
          <DownloadList url={url} />
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}
