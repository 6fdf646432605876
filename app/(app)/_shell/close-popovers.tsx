"use client";

import { usePathname } from "next/navigation";
import { useEffect } from "react";

/** Closes the phone's sidebar and the list of workspaces once they have led somewhere. */
export function ClosePopovers() {
  const pathname = usePathname();
  useEffect(() => {
    for (const open of document.querySelectorAll<HTMLElement>("[popover]:popover-open")) open.hidePopover();
  }, [pathname]);
  return null;
}
