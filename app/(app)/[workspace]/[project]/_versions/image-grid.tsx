"use client";

import { useVirtualizer } from "@tanstack/react-virtual";
import { useFormatter, useTranslations } from "next-intl";
import dynamic from "next/dynamic";
import { useCallback, useEffect, useId, useRef, useState, type KeyboardEvent } from "react";
import { Button } from "@/app/_ui/button";
import { Callout } from "@/app/_ui/callout";
import type { VersionImage, VersionImages } from "@/lib/work/versions/images";
import { useColumns } from "../_images/columns";
import { ImageFilters, useImageFilter } from "../_images/image-filters";
import { EmptyTile, ImageTile } from "../_images/image-tile";
import { labelOf } from "../_images/label";
import { RANGE, useRanges, type FetchRange, type Places } from "../_images/use-ranges";
import { rowsOf, useTiles } from "../_images/use-tiles";

const ImageDialog = dynamic(async () => (await import("./image-dialog")).ImageDialog, { ssr: false });

/** Where the bytes of a version and of its project are, under /data. */
interface Addresses {
  url: string;
  projectUrl: string;
}

/**
 * The images of a version in a box that scrolls: only those in sight exist, and only ranges in sight are fetched. Filters by split and class stand in the URL.
 */
export function ImageGrid({
  url,
  projectUrl,
  name,
  classes,
}: Addresses & { name: string; classes: readonly string[] }) {
  const { filter, change, clear } = useImageFilter();
  const query = new URLSearchParams();
  if (filter.split !== null) query.set("split", filter.split);
  if (filter.label !== null) query.set("label", filter.label);
  return (
    <div className="grid gap-3">
      <div className="flex flex-wrap items-center gap-2">
        <ImageFilters classes={classes} filter={filter} change={change} clear={clear} />
      </div>
      <Scroller
        key={`${url}?${query}`}
        url={url}
        projectUrl={projectUrl}
        query={query.toString()}
        name={name}
        classes={classes}
        onClear={clear}
      />
    </div>
  );
}

interface ScrollerProps extends Addresses {
  query: string;
  name: string;
  classes: readonly string[];
  onClear: () => void;
}

function Scroller({ url, projectUrl, query, name, classes, onClear }: ScrollerProps) {
  const [t, filters, common] = [
    useTranslations("versions"),
    useTranslations("imageFilters"),
    useTranslations("common"),
  ];
  const format = useFormatter();
  const id = useId();
  const box = useRef<HTMLDivElement>(null);
  const columns = useColumns(box);
  const [wanted, setWanted] = useState<Places>({ first: 0, last: 0 });
  const fetchRange: FetchRange<VersionImage> = useCallback(
    (start, _, signal) => fetchImages(url, query, start, signal),
    [url, query],
  );
  const { total, images, failed, reload } = useRanges(fetchRange, wanted);
  const [open, setOpen] = useState<number | null>(null);
  const [active, setActive] = useState(0);
  const focusing = useRef<number | null>(null);

  // eslint-disable-next-line react-hooks/incompatible-library -- nothing below is memoized on what it returns
  const rows = useVirtualizer({ ...rowsOf(total ?? 0, columns), getScrollElement: () => box.current });
  const { tiles, height, inSight, scrollTo, stepOf } = useTiles(rows, columns, total ?? 0, setWanted);

  const tileId = (index: number) => `${id}-${index}`;
  /** Brings an image into sight; what is not there yet gets the focus once it is. */
  function reveal(index: number, focus: boolean): void {
    setActive(index);
    scrollTo(index);
    const tile = focus ? document.getElementById(tileId(index)) : null;
    tile?.focus({ preventScroll: true });
    focusing.current = focus && !tile ? index : null;
  }
  useEffect(() => {
    if (focusing.current === null) return;
    const tile = document.getElementById(tileId(focusing.current));
    if (!tile) return;
    tile.focus({ preventScroll: true });
    focusing.current = null;
  });

  function onKeyDown(event: KeyboardEvent): void {
    const step = stepOf(event.key);
    if (step === undefined || total === null || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    reveal(Math.min(Math.max(stop + step, 0), total - 1), true);
  }

  if (failed) {
    return (
      <Callout tone="warn" announce action={<Button onClick={reload}>{common("tryAgain")}</Button>}>
        {t("imagesFailed")}
      </Callout>
    );
  }
  // The one tile that the Tab key reaches is always one that exists.
  const stop = active >= inSight.first && active <= inSight.last ? active : inSight.first;
  const describe = (image: VersionImage, index: number) =>
    t("imageAlt", {
      position: format.number(index + 1),
      label: labelOf(image) ?? t("noClass"),
      split: common(`splits.${image.split}`),
    });
  return (
    <>
      <p role="status" className="text-sm text-muted">
        {total === null ? common("loading") : total === 0 ? t("noImageMatches") : common("images", { count: total })}
      </p>
      {total === 0 ? (
        <div>
          <Button onClick={onClear}>{filters("clear")}</Button>
        </div>
      ) : (
        <div
          ref={box}
          role="region"
          aria-label={t("imagesOf", { name })}
          tabIndex={0}
          className="max-h-[min(26rem,60dvh)] min-h-28 overflow-y-auto overscroll-contain rounded-lg border border-line bg-panel p-2"
        >
          <ul className="relative" style={{ height: height }} onKeyDown={onKeyDown}>
            {tiles.map(({ index, style }) => {
              const image = images.get(index);
              return (
                <li
                  key={index}
                  aria-setsize={total ?? undefined}
                  aria-posinset={index + 1}
                  className="absolute top-0 left-0"
                  style={style}
                >
                  <button
                    id={tileId(index)}
                    type="button"
                    tabIndex={index === stop ? 0 : -1}
                    aria-label={image ? undefined : common("loading")}
                    onFocus={() => setActive(index)}
                    onClick={() => setOpen(index)}
                    className="block w-full rounded-md text-left"
                  >
                    {image ? (
                      <ImageTile
                        src={`${url}/${image.path}?size=thumb`}
                        alt={describe(image, index)}
                        width={image.width}
                        height={image.height}
                        split={image.split}
                        caption={labelOf(image) ?? ""}
                        boxes={image.boxes}
                        classes={classes}
                      />
                    ) : (
                      <EmptyTile />
                    )}
                  </button>
                </li>
              );
            })}
          </ul>
        </div>
      )}
      {open === null || total === null ? null : (
        <ImageDialog
          url={url}
          projectUrl={projectUrl}
          index={open}
          total={total}
          image={images.get(open)}
          classes={classes}
          onMove={(index) => {
            setOpen(index);
            reveal(index, false);
          }}
          onClose={() => setOpen(null)}
          onFocusBack={() => reveal(open, true)}
        />
      )}
    </>
  );
}

async function fetchImages(url: string, query: string, start: number, signal: AbortSignal): Promise<VersionImages> {
  const response = await fetch(`${url}/images?${query}${query === "" ? "" : "&"}offset=${start}&limit=${RANGE}`, {
    signal,
  });
  if (!response.ok) throw new Error(`The images answered ${response.status}.`);
  return response.json();
}
