import { cn } from "@/app/_ui/class-names";
import { TONES } from "@/app/_ui/stacked-bar";
import type { SplitName } from "@/lib/domain/splits";
import { Boxes, type MarkedBox } from "./boxes";
import { TILE_MIN_PX } from "./columns";

/** A split as a dot; the word stands beside it or is said in the image's alternative text. */
export function SplitDot({ split }: { split: SplitName }) {
  return <span aria-hidden className={cn("size-1.5 shrink-0 rounded-full", TONES[split])} />;
}

interface Props {
  src: string;
  alt: string;
  /** The image's own size, whatever `src` has of it. */
  width: number;
  height: number;
  split: SplitName;
  caption: string;
  boxes?: readonly MarkedBox[];
  classes?: readonly string[];
}

/** An image in a grid: its picture in a square, whole, with a line under it. */
export function ImageTile({ src, alt, width, height, split, caption, boxes = [], classes = [] }: Props) {
  return (
    <>
      <div className="relative aspect-square overflow-hidden rounded-md border border-line bg-hover">
        <img
          src={src}
          alt={alt}
          width={width}
          height={height}
          decoding="async"
          draggable={false}
          className="size-full object-contain"
          style={width < TILE_MIN_PX ? { imageRendering: "pixelated" } : undefined}
        />
        {boxes.length > 0 ? <Boxes width={width} height={height} boxes={boxes} classes={classes} /> : null}
      </div>
      <div aria-hidden className="flex h-[22px] items-center gap-1.5 text-xs text-muted">
        <SplitDot split={split} />
        <bdi className="truncate">{caption}</bdi>
      </div>
    </>
  );
}

/** Where an image will be. */
export function EmptyTile() {
  return (
    <>
      <div className="aspect-square rounded-md border border-line bg-hover" />
      <div className="h-[22px]" />
    </>
  );
}
