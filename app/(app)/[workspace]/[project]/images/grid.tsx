"use client";

import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { Check } from "lucide-react";
import { useFormatter, useTranslations } from "next-intl";
import { useId, useLayoutEffect, useRef, useState, type KeyboardEvent, type MouseEvent } from "react";
import { cn } from "@/app/_ui/class-names";
import type { BrowserImage } from "@/lib/doors/images/browser";
import { useColumns } from "../_images/columns";
import { EmptyTile, ImageTile } from "../_images/image-tile";
import { labelOf } from "../_images/label";
import type { Places } from "../_images/use-ranges";
import { rowHeightOf, rowsOf, useTiles } from "../_images/use-tiles";
import { isSelected, type Selection } from "./selection";

const TILE_PX = 104;
/** The bar of phones at the top, the bar of what is selected at the bottom. */
const SCROLL_PADDING = { scrollPaddingStart: 56, scrollPaddingEnd: 80 };

/** Ways to change what is chosen. */
export interface Choose {
  /** This one more, or this one less. */
  toggle: (id: string) => void;
  /** All between two places more. */
  add: (places: Places) => void;
  all: () => void;
  none: () => void;
}

interface Props {
  label: string;
  url: string;
  /** By place, those that were fetched. */
  images: ReadonlyMap<number, BrowserImage>;
  /** How many there are, fetched or not. */
  count: number;
  classes: readonly string[];
  selection: Selection;
  /** null for who may only look. */
  choose: Choose | null;
  open: (index: number) => void;
  /** These are in sight. */
  onSight: (places: Places) => void;
}

/**
 * The images as a list one can choose from; only those in sight exist. By mouse: a click opens, the mark in the corner,
 * Ctrl and Shift choose, and once something is chosen every click does. By keyboard: arrows, Space, Shift with arrows,
 * Ctrl+A, Enter to open, Escape to let go.
 */
export function Grid({ label, url, images, count, classes, selection, choose, open, onSight }: Props) {
  const t = useTranslations("images");
  const common = useTranslations("common");
  const format = useFormatter();
  const id = useId();
  const box = useRef<HTMLDivElement>(null);
  const columns = useColumns(box, TILE_PX);
  const [active, setActive] = useState(0);
  const anchor = useRef(0);
  const [scrollMargin, setScrollMargin] = useState(0);
  // What stands above may grow and shrink at any time.
  useLayoutEffect(() => {
    const measure = () =>
      setScrollMargin(box.current ? Math.round(box.current.getBoundingClientRect().top + window.scrollY) : 0);
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(document.body);
    return () => observer.disconnect();
  }, []);

  const rows = useWindowVirtualizer({ ...rowsOf(count, columns), scrollMargin, ...SCROLL_PADDING });
  const { tiles, height, scrollTo, stepOf } = useTiles(rows, columns, count, onSight, scrollMargin);

  const current = Math.min(active, Math.max(count - 1, 0));
  const some = selection === "all" || selection.size > 0;

  function addUpTo(index: number): void {
    choose?.add({ first: Math.min(anchor.current, index), last: Math.max(anchor.current, index) });
  }

  function go(to: number, range: boolean): void {
    const next = Math.min(Math.max(to, 0), count - 1);
    setActive(next);
    scrollTo(next);
    if (range && choose) addUpTo(next);
    else anchor.current = next;
  }

  function onKeyDown(event: KeyboardEvent): void {
    const page = columns.count * Math.max(1, Math.floor((window.innerHeight - 160) / rowHeightOf(columns)));
    const step = event.key === "PageUp" ? -page : event.key === "PageDown" ? page : stepOf(event.key);
    const image = images.get(current);
    if (step !== undefined && !event.altKey && !event.ctrlKey && !event.metaKey) go(current + step, event.shiftKey);
    else if (event.key === "Enter" && image) open(current);
    else if (event.key === " " && image) choose?.toggle(image.id);
    else if (event.key === "a" && (event.ctrlKey || event.metaKey) && choose) choose.all();
    else if (event.key === "Escape" && some) choose?.none();
    else return;
    event.preventDefault();
  }

  function onClick(event: MouseEvent, index: number): void {
    const image = images.get(index);
    if (!image) return;
    const choosing =
      some ||
      event.ctrlKey ||
      event.metaKey ||
      (event.target instanceof Element && event.target.closest("[data-mark]") !== null);
    setActive(index);
    if (choose && event.shiftKey) return addUpTo(index);
    anchor.current = index;
    if (choose && choosing) choose.toggle(image.id);
    else open(index);
  }

  return (
    <div
      ref={box}
      id={GRID_ID}
      role="listbox"
      aria-label={label}
      aria-multiselectable={choose ? true : undefined}
      aria-activedescendant={
        images.has(current) && tiles.some(({ index }) => index === current) ? `${id}${current}` : undefined
      }
      tabIndex={0}
      onKeyDown={onKeyDown}
      className="group relative rounded-md select-none focus-visible:outline-none"
      style={{ height: height }}
    >
      {tiles.map(({ index, style }) => {
        const image = images.get(index);
        if (!image) {
          return (
            <div key={index} aria-hidden className="absolute top-0 left-0 animate-pulse" style={style}>
              <EmptyTile />
            </div>
          );
        }
        const selected = isSelected(selection, image.id);
        return (
          <div
            key={index}
            id={`${id}${index}`}
            role="option"
            aria-selected={selected}
            aria-setsize={count}
            aria-posinset={index + 1}
            aria-label={t("imageAlt", {
              position: format.number(index + 1),
              name: image.fileName,
              label: labelOf(image) ?? t("unlabelled"),
              split: common(`splits.${image.split}`),
            })}
            onClick={(event) => onClick(event, index)}
            className={cn(
              "group/tile absolute top-0 left-0 cursor-pointer rounded-md",
              selected && "outline-2 outline-offset-1 outline-accent-solid",
              index === current &&
                "group-focus-visible:outline-2 group-focus-visible:outline-offset-3 group-focus-visible:outline-accent",
            )}
            style={style}
          >
            <ImageTile
              src={`${url}/${image.id}?size=thumb`}
              alt=""
              width={image.width}
              height={image.height}
              split={image.split}
              caption={labelOf(image) ?? "–"}
              boxes={image.boxes}
              classes={classes}
            />
            {choose ? (
              <span
                data-mark
                aria-hidden
                className={cn(
                  "absolute top-0 left-0 p-1.5",
                  !some && "opacity-0 group-hover/tile:opacity-100 pointer-coarse:opacity-100",
                  !some && index === current && "group-focus-visible:opacity-100",
                )}
              >
                <span
                  className={cn(
                    "flex size-5 items-center justify-center rounded-sm border",
                    selected
                      ? "border-accent-solid bg-accent-solid text-on-solid"
                      : "border-control bg-canvas/85 text-transparent",
                  )}
                >
                  <Check className="size-3.5" strokeWidth={3} />
                </span>
              </span>
            ) : null}
          </div>
        );
      })}
    </div>
  );
}

export const GRID_ID = "image-grid";
