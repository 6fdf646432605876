"use client";

import { Ellipsis } from "lucide-react";
import { useTranslations } from "next-intl";
import { useEffect, useRef } from "react";
import { Button } from "@/app/_ui/button";
import { Menu, MenuContent, MenuItem, MenuTrigger } from "@/app/_ui/menu";

/** The menu of a row, open at once: it is loaded when it is first asked for. */
export function OpenedRowMenu({ label, onPurge }: { label: string; onPurge: () => void }) {
  const t = useTranslations("trash");
  return (
    <Menu defaultOpen>
      <MenuTrigger asChild>
        <Button variant="ghost" size="icon" aria-label={t("more", { label })}>
          <Ellipsis aria-hidden />
        </Button>
      </MenuTrigger>
      <MenuContent align="end">
        <PurgeItem onSelect={onPurge} />
      </MenuContent>
    </Menu>
  );
}

/** The only item takes the focus: a menu that came late does not know whether a key or a pointer asked for it. */
function PurgeItem({ onSelect }: { onSelect: () => void }) {
  const t = useTranslations("trash");
  const item = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const frame = requestAnimationFrame(() => item.current?.focus());
    return () => cancelAnimationFrame(frame);
  }, []);
  return (
    <MenuItem ref={item} danger onSelect={onSelect}>
      {t("deletePermanently")}
    </MenuItem>
  );
}
