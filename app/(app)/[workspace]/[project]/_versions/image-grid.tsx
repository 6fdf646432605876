"use client";

import { useVirtualizer } from "@tanstack/react-virtual";
import { useFormatter, useTranslations } from "next-intl";
import { useSearchParams } from "next/navigation";
import { useEffect, useRef, useState } from "react";
import { Button } from "@/app/_ui/button";
import { Callout } from "@/app/_ui/callout";
import { Select } from "@/app/_ui/select";
import type { VersionImage, VersionImages } from "@/lib/edge/version-images";

const TILE_MIN_PX = 92;
const GAP_PX = 8;
const CAPTION_PX = 22;
/** Images fetched at once. */
const RANGE = 120;
const SPLITS = ["train", "valid", "test"] as const;

/**
 * The images of a version in a box that scrolls: only those in sight exist, and only ranges in sight are fetched, so that
 * 100,000 cost no more than 100. Filters by split and class stand in the URL. `url` is the version under /data.
 */
export function ImageGrid({ url, name, classes }: { url: string; name: string; classes: readonly string[] }) {
  const t = useTranslations("versions");
  const common = useTranslations("common");
  const params = useSearchParams();
  const [split, label] = [params.get("split") ?? "", params.get("class")];

  function filter(changes: Record<string, string | null>): void {
    const next = new URLSearchParams(params);
    for (const [key, value] of Object.entries(changes)) {
      if (value === null) next.delete(key);
      else next.set(key, value);
    }
    // Only this grid reads them: the server need not render the page again.
    window.history.replaceState(null, "", next.size > 0 ? `?${next}` : window.location.pathname);
  }

  const query = new URLSearchParams();
  if (SPLITS.some((known) => known === split)) query.set("split", split);
  if (label !== null) query.set("label", label);
  const clear = () => filter({ split: null, class: null });
  return (
    <div className="grid gap-3">
      <div className="flex flex-wrap items-center gap-2">
        <Select aria-label={t("filterSplit")} value={query.get("split") ?? ""} onChange={({ target }) => filter({ split: target.value === "" ? null : target.value })}>
          <option value="">{t("everySplit")}</option>
          {SPLITS.map((known) => (
            <option key={known} value={known}>
              {common(`splits.${known}`)}
            </option>
          ))}
        </Select>
        {classes.length > 0 || label !== null ? (
          <Select aria-label={t("filterClass")} value={label ?? "\0"} onChange={({ target }) => filter({ class: target.value === "\0" ? null : target.value })} className="max-w-60">
            <option value={"\0"}>{t("everyClass")}</option>
            {(label === null || classes.includes(label) ? classes : [label, ...classes]).map((known) => (
              <option key={known} value={known}>
                {known}
              </option>
            ))}
          </Select>
        ) : null}
        {query.size > 0 ? (
          <Button variant="ghost" onClick={clear}>
            {t("clearFilters")}
          </Button>
        ) : null}
      </div>
      <Scroller key={`${url}?${query}`} url={url} query={query.toString()} name={name} onClear={clear} />
    </div>
  );
}

function Scroller({ url, query, name, onClear }: { url: string; query: string; name: string; onClear: () => void }) {
  const t = useTranslations("versions");
  const common = useTranslations("common");
  const format = useFormatter();
  const box = useRef<HTMLDivElement>(null);
  const columns = useColumns(box);
  const [total, setTotal] = useState<number | null>(null);
  const [images, setImages] = useState<ReadonlyMap<number, VersionImage>>(new Map());
  const [failed, setFailed] = useState(false);
  const asked = useRef(new Set<number>());

  const tileWidth = columns.width;
  const rowHeight = tileWidth + CAPTION_PX + GAP_PX;
  // eslint-disable-next-line react-hooks/incompatible-library -- nothing below is memoized on what it returns
  const rows = useVirtualizer({ count: total === null ? 0 : Math.ceil(total / columns.count), getScrollElement: () => box.current, estimateSize: () => rowHeight, overscan: 3 });
  useEffect(() => rows.measure(), [rows, rowHeight]);
  const visible = rows.getVirtualItems();
  const first = (visible[0]?.index ?? 0) * columns.count;
  const last = Math.min(((visible.at(-1)?.index ?? 0) + 1) * columns.count, total ?? 1) - 1;
  const [firstRange, lastRange] = [Math.floor(first / RANGE), Math.floor(Math.max(last, 0) / RANGE)];
  const settled = !rows.isScrolling;

  useEffect(() => {
    if (!settled || failed) return; // ranges that only fly past are not fetched
    for (let range = firstRange; range <= lastRange; range++) {
      if (asked.current.has(range)) continue;
      asked.current.add(range);
      fetchRange(url, query, range * RANGE).then(
        (page) => {
          setTotal(page.total);
          setImages((known) => new Map([...known, ...page.images.map((image, index): [number, VersionImage] => [range * RANGE + index, image])]));
        },
        () => {
          asked.current.delete(range);
          setFailed(true);
        },
      );
    }
  }, [url, query, firstRange, lastRange, settled, failed]);

  if (failed) {
    return (
      <Callout tone="warn" announce action={<Button onClick={() => setFailed(false)}>{common("tryAgain")}</Button>}>
        {t("imagesFailed")}
      </Callout>
    );
  }
  return (
    <>
      <p role="status" className="text-sm text-muted">
        {total === null ? common("loading") : total === 0 ? t("noImageMatches") : common("images", { count: total })}
      </p>
      {total === 0 ? (
        <div>
          <Button onClick={onClear}>{t("clearFilters")}</Button>
        </div>
      ) : (
        <div ref={box} role="region" aria-label={t("imagesOf", { name })} tabIndex={0} className="h-[min(26rem,60dvh)] overflow-y-auto overscroll-contain rounded-lg border border-line bg-panel p-2">
          <ul className="relative" style={{ height: rows.getTotalSize() }}>
            {visible.flatMap((row) =>
              Array.from({ length: columns.count }, (_, column) => {
                const index = row.index * columns.count + column;
                if (total === null || index >= total) return null;
                return (
                  <li
                    key={index}
                    aria-setsize={total}
                    aria-posinset={index + 1}
                    className="absolute top-0 left-0"
                    style={{ width: tileWidth, transform: `translate(${column * (tileWidth + GAP_PX)}px, ${row.start}px)` }}
                  >
                    <Tile url={url} image={images.get(index)} alt={(image) => t("imageAlt", { position: format.number(index + 1), label: image.label ?? t("noClass"), split: common(`splits.${image.split}`) })} />
                  </li>
                );
              }),
            )}
          </ul>
        </div>
      )}
    </>
  );
}

const TONES = { train: "bg-train", valid: "bg-valid", test: "bg-test" };

function Tile({ url, image, alt }: { url: string; image: VersionImage | undefined; alt: (image: VersionImage) => string }) {
  return (
    <>
      <div className="aspect-square overflow-hidden rounded-md border border-line bg-hover">
        {image ? (
          // Bytes behind a session, of any size: Next's optimizer could not fetch them.
          // eslint-disable-next-line @next/next/no-img-element
          <img src={`${url}/${image.path}`} alt={alt(image)} width={image.width} height={image.height} decoding="async" className="size-full object-contain" style={image.width < TILE_MIN_PX ? { imageRendering: "pixelated" } : undefined} />
        ) : null}
      </div>
      <div aria-hidden className="flex h-[22px] items-center gap-1.5 text-xs text-muted">
        {image ? (
          <>
            <span className={`size-1.5 shrink-0 rounded-full ${TONES[image.split]}`} />
            <bdi className="truncate">{image.label ?? ""}</bdi>
          </>
        ) : null}
      </div>
    </>
  );
}

async function fetchRange(url: string, query: string, offset: number): Promise<VersionImages> {
  const response = await fetch(`${url}/images?${query}${query === "" ? "" : "&"}offset=${offset}&limit=${RANGE}`);
  if (!response.ok) throw new Error(`The images answered ${response.status}.`);
  return response.json();
}

/** As many tiles side by side as fit, and how wide each then is. */
function useColumns(box: React.RefObject<HTMLDivElement | null>): { count: number; width: number } {
  const [columns, setColumns] = useState({ count: 6, width: TILE_MIN_PX });
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const observer = new ResizeObserver(([entry]) => {
      const width = entry!.contentRect.width;
      if (width === 0) return; // not shown at this size of screen
      const count = Math.max(2, Math.floor((width + GAP_PX) / (TILE_MIN_PX + GAP_PX)));
      setColumns({ count, width: Math.floor((width - (count - 1) * GAP_PX) / count) });
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, [box]);
  return columns;
}
