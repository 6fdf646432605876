"use client";

import { useTranslations } from "next-intl";
import { useEffect, useRef } from "react";
import { escapeName } from "@/app/_ui/exact-name";
import { toast } from "@/app/_ui/toast";
import type { ListedVersion } from "@/lib/domain/versions";

/** Says when a version that was being generated is ready, while somebody looks at the page; one that failed says so itself. */
export function AnnounceEnd({
  versions,
}: {
  versions: readonly Pick<ListedVersion, "number" | "name" | "status" | "images">[];
}) {
  const t = useTranslations("versions.generation");
  const generating = useRef(new Set<number>());
  useEffect(() => {
    for (const { number, name, status, images } of versions) {
      if (status === "GENERATING") generating.current.add(number);
      else if (generating.current.delete(number) && status === "READY")
        toast(t("ready", { name: escapeName(name), count: images }));
    }
  }, [versions, t]);
  return null;
}
