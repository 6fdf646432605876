"use client";

import { ChevronRight, Shuffle } from "lucide-react";
import { useTranslations } from "next-intl";
import type { ReactNode } from "react";
import { Button } from "@/app/_ui/button";
import { cn } from "@/app/_ui/class-names";
import { Skeleton } from "@/app/_ui/skeleton";
import type { PreviewSample } from "@/lib/work/versions/preview";
import { Boxes } from "../_images/boxes";

interface Props {
  samples: readonly PreviewSample[] | null;
  /** The project's source images, under /data. */
  sourcesUrl: string;
  /** Every class that a box may have, for its colour. */
  classes: readonly string[];
  current: boolean;
  /** Why there are none of the settings as they stand. */
  problem: string | null;
  onRetry: () => void;
  onShuffle: () => void;
}

/** What the settings do to a few of the project's images. The last pictures stay until the next are there. */
export function Preview({ samples, sourcesUrl, classes, current, problem, onRetry, onShuffle }: Props) {
  const [t, common] = [useTranslations("generate"), useTranslations("common")];
  return (
    <section aria-labelledby="preview" aria-busy={!current} className="grid gap-3">
      <div className="flex items-center justify-between gap-2">
        <h2 id="preview" className="font-semibold">
          {t("preview")}
        </h2>
        <Button size="sm" variant="ghost" onClick={onShuffle}>
          <Shuffle aria-hidden />
          {t("otherImages")}
        </Button>
      </div>
      <div aria-live="polite" className="empty:hidden">
        {problem === null ? null : (
          <p className="flex flex-wrap items-center gap-x-3 gap-y-1 text-sm text-danger">
            {problem}
            <Button size="sm" onClick={onRetry}>
              {common("tryAgain")}
            </Button>
          </p>
        )}
      </div>
      {samples === null ? (
        problem === null && <Waiting label={t("previewLoading")} />
      ) : (
        <ul
          aria-label={t("preview")}
          className={cn("grid grid-cols-2 gap-x-4 gap-y-3 transition-opacity duration-100", !current && "opacity-60")}
        >
          {samples.map(({ imageId, fileName, label, src, width, height, boxes }) => (
            <li key={imageId} className="grid grid-cols-[minmax(0,1fr)_auto_minmax(0,1fr)] items-center gap-1">
              <Square small={width < SQUARE_PX}>
                <img
                  src={`${sourcesUrl}/${imageId}?size=thumb`}
                  alt={t("sourceAlt", { name: fileName, label: label ?? t("noClass") })}
                  decoding="async"
                  className="size-full object-contain"
                />
              </Square>
              <ChevronRight aria-hidden className="size-3.5 shrink-0 text-muted" />
              <Square small={width < SQUARE_PX}>
                <img
                  src={src}
                  alt={t("outputAlt", { name: fileName, width: String(width), height: String(height) })}
                  width={width}
                  height={height}
                  decoding="async"
                  className="size-full object-contain"
                />
                <Boxes boxes={boxes} classes={classes} width={width} height={height} />
              </Square>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

/** About the width of one picture: smaller images show their pixels as they are. */
const SQUARE_PX = 90;

function Square({ small, children }: { small: boolean; children: ReactNode }) {
  return (
    <span
      className="relative block aspect-square overflow-hidden rounded-md border border-line bg-hover"
      style={small ? { imageRendering: "pixelated" } : undefined}
    >
      {children}
    </span>
  );
}

function Waiting({ label }: { label: string }) {
  return (
    <div role="status" aria-label={label} className="grid gap-2">
      {[0, 1, 2, 3].map((row) => (
        <div key={row} className="grid grid-cols-4 gap-2">
          {[0, 1, 2, 3].map((column) => (
            <Skeleton key={column} className="aspect-square" />
          ))}
        </div>
      ))}
    </div>
  );
}
