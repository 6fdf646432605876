"use client";

import { FolderOpen, Images, LineChart } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { cn } from "@/app/_ui/class-names";

const ICONS = { PROJECT: FolderOpen, VERSION: Images, TRAINING: LineChart };

/** A version's first image, fetched when its row comes into sight; for everything else, and where it fails, a quiet sign of the type. */
export function Thumbnail({ type, version, className }: { type: keyof typeof ICONS; version: { workspaceSlug: string; projectSlug: string; number: number } | null; className?: string }) {
  const box = useRef<HTMLSpanElement>(null);
  const [source, setSource] = useState<string | null>(null);
  const base = version ? `/data/${version.workspaceSlug}/${version.projectSlug}/${version.number}` : null;

  useEffect(() => {
    if (base === null || !box.current) return;
    const controller = new AbortController();
    const observer = new IntersectionObserver((entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      observer.disconnect();
      void findFirstImage(base, controller.signal).then(setSource);
    });
    observer.observe(box.current);
    return () => {
      controller.abort();
      observer.disconnect();
    };
  }, [base]);

  const Icon = ICONS[type];
  return (
    <span ref={box} className={cn("grid size-8 shrink-0 place-items-center overflow-hidden rounded-sm bg-hover text-faint", className)}>
      {source === null ? (
        <Icon aria-hidden className="size-4" />
      ) : (
        // eslint-disable-next-line @next/next/no-img-element -- small already, and only for who is signed in
        <img src={source} alt="" width={32} height={32} decoding="async" onError={() => setSource(null)} className="size-full object-cover" />
      )}
    </span>
  );
}

/** Its address; null where there is none to be had. */
async function findFirstImage(base: string, signal: AbortSignal): Promise<string | null> {
  try {
    const answer = await fetch(`${base}/images?limit=1`, { signal });
    const body: unknown = answer.ok ? await answer.json() : null;
    if (typeof body !== "object" || body === null || !("images" in body) || !Array.isArray(body.images)) return null;
    const [first]: unknown[] = body.images;
    if (typeof first !== "object" || first === null || !("path" in first) || typeof first.path !== "string") return null;
    return `${base}/${first.path.split("/").map(encodeURIComponent).join("/")}`;
  } catch {
    return null;
  }
}
