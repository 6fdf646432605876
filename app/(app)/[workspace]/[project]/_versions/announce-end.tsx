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
  versions: readonly Pick<ListedVersion, "number" | "name" | "status" | "images" | "imported">[];
}) {
  const t = useTranslations("versions");
  /** Whether it is imported, by its number. */
  const generating = useRef(new Map<number, boolean>());
  useEffect(() => {
    for (const { number, name, status, images, imported } of versions) {
      const before = generating.current.get(number);
      if (status === "GENERATING") generating.current.set(number, imported);
      else if (generating.current.delete(number) && status === "READY")
        toast(t(before ? "importing.ready" : "generation.ready", { name: escapeName(name), count: images }));
    }
  }, [versions, t]);
  return null;
}
