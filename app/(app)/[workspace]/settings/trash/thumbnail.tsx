"use client";

import { FolderOpen, ImageMinus, Images, LineChart, type LucideIcon } from "lucide-react";
import { useRef, useState } from "react";
import { useSampleImages, type VersionAddress } from "@/app/(app)/_shell/sample-images";
import { cn } from "@/app/_ui/class-names";
import type { ItemType } from "@/lib/domain/item-types";

const ICONS: Record<ItemType, LucideIcon> = {
  PROJECT: FolderOpen,
  VERSION: Images,
  TRAINING: LineChart,
  IMAGES: ImageMinus,
};

/** A version's first image, fetched when its row comes into sight; for everything else, and where it fails, a quiet sign of the type. */
export function Thumbnail({
  type,
  version,
  className,
}: {
  type: ItemType;
  version: VersionAddress | null;
  className?: string;
}) {
  const box = useRef<HTMLSpanElement>(null);
  const [source] = useSampleImages(box, version, 1);
  const [broken, setBroken] = useState(false);
  const Icon = ICONS[type];
  return (
    <span
      ref={box}
      className={cn(
        "grid size-8 shrink-0 place-items-center overflow-hidden rounded-sm bg-hover text-faint",
        className,
      )}
    >
      {source === undefined || broken ? (
        <Icon aria-hidden className="size-4" />
      ) : (
        <img
          src={source}
          alt=""
          width={32}
          height={32}
          decoding="async"
          onError={() => setBroken(true)}
          className="size-full object-cover"
        />
      )}
    </span>
  );
}
