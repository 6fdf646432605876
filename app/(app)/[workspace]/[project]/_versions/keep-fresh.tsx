"use client";

import { useRouter } from "next/navigation";
import { useEffect } from "react";

/** Fetches the page anew every so often while somebody looks; null: nothing on it is under way. */
export function KeepFresh({ everyMs }: { everyMs: number | null }) {
  const router = useRouter();
  useEffect(() => {
    if (everyMs === null) return;
    const timer = setInterval(() => document.visibilityState === "visible" && router.refresh(), everyMs);
    return () => clearInterval(timer);
  }, [everyMs, router]);
  return null;
}
