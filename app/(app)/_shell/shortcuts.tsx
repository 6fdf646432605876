"use client";

import { Keyboard } from "lucide-react";
import { useTranslations } from "next-intl";
import dynamic from "next/dynamic";
import { useRouter } from "next/navigation";
import { useEffect, useState } from "react";
import { Button } from "@/app/_ui/button";

const ShortcutsDialog = dynamic(async () => (await import("./shortcuts-dialog")).ShortcutsDialog, { ssr: false });

/** The second key must follow the first this soon. */
const SEQUENCE_MS = 1_500;

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable ||
    /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) ||
    target.closest("[role=dialog], [role=alertdialog], [role=menu]") !== null);

/** The keyboard's ways: g p, g t, g u to the main places, ? for the list of them. Quiet while one types or a dialog is open. */
export function Shortcuts({ workspaceSlug }: { workspaceSlug: string }) {
  const t = useTranslations("shell");
  const router = useRouter();
  const [open, setOpen] = useState(false);

  useEffect(() => {
    const places: Record<string, string> = {
      p: `/${workspaceSlug}`,
      t: `/${workspaceSlug}/settings/trash`,
      u: `/${workspaceSlug}/settings/usage`,
    };
    let armedAt = -Infinity;
    function onKey(event: KeyboardEvent): void {
      if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || isTyping(event.target)) return;
      const armed = event.timeStamp - armedAt < SEQUENCE_MS;
      armedAt = event.key === "g" ? event.timeStamp : -Infinity;
      const place = places[event.key];
      if (event.key === "?") setOpen(true);
      else if (armed && place !== undefined) router.push(place);
      else return;
      event.preventDefault();
    }
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [router, workspaceSlug]);

  return (
    <>
      <Button
        variant="ghost"
        size="icon"
        aria-label={t("shortcuts")}
        title={t("shortcuts")}
        onClick={() => setOpen(true)}
        className="max-md:hidden"
      >
        <Keyboard aria-hidden />
      </Button>
      {open ? <ShortcutsDialog onClose={() => setOpen(false)} /> : null}
    </>
  );
}
