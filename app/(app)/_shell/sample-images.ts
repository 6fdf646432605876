"use client";

import { useEffect, useState, type RefObject } from "react";

export interface VersionAddress {
  workspaceSlug: string;
  projectSlug: string;
  number: number;
}

/**
 * The addresses of a version's first images, fetched once `box` comes into sight; empty until then, and where there is
 * none to be had. `version: null` fetches nothing.
 */
export function useSampleImages(
  box: RefObject<HTMLElement | null>,
  version: VersionAddress | null,
  count: number,
): string[] {
  const [sources, setSources] = useState<string[]>([]);
  const base = version ? `/data/${version.workspaceSlug}/${version.projectSlug}/${version.number}` : null;

  useEffect(() => {
    if (base === null || !box.current) return;
    const controller = new AbortController();
    const observer = new IntersectionObserver((entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      observer.disconnect();
      void findImages(base, count, controller.signal).then(setSources);
    });
    observer.observe(box.current);
    return () => {
      controller.abort();
      observer.disconnect();
    };
  }, [box, base, count]);

  return sources;
}

async function findImages(base: string, count: number, signal: AbortSignal): Promise<string[]> {
  try {
    const answer = await fetch(`${base}/images?limit=${count}`, { signal });
    const body: unknown = answer.ok ? await answer.json() : null;
    if (typeof body !== "object" || body === null || !("images" in body) || !Array.isArray(body.images)) return [];
    return body.images.flatMap((image: unknown) =>
      typeof image === "object" && image !== null && "path" in image && typeof image.path === "string"
        ? `${base}/${image.path.split("/").map(encodeURIComponent).join("/")}?size=thumb`
        : [],
    );
  } catch {
    return [];
  }
}
