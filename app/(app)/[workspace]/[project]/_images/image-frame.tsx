"use client";

import { ChevronLeft, ChevronRight, X } from "lucide-react";
import { useFormatter, useTranslations } from "next-intl";
import { Dialog } from "radix-ui";
import type { KeyboardEvent, ReactNode } from "react";
import { Button, buttonStyle } from "@/app/_ui/button";
import { OVERLAY } from "@/app/_ui/dialog";
import { escapeName } from "@/app/_ui/exact-name";
import { Boxes, type MarkedBox } from "./boxes";

interface Props {
  /** null while it is being fetched. */
  name: string | null;
  index: number;
  /** How many there are. */
  count: number;
  /** Goes to the neighbours; null where there is none. */
  previous: (() => void) | null;
  next: (() => void) | null;
  onClose: () => void;
  /** Takes the focus back to where it came from. */
  onFocusBack: () => void;
  picture: ReactNode;
  children: ReactNode;
}

/** A dialog as large as the screen with one image of many, beside it what is known of it; arrow keys go to its neighbours. Mounted means open. */
export function ImageFrame({ name, index, count, previous, next, onClose, onFocusBack, picture, children }: Props) {
  const [t, common, format] = [useTranslations("imageFrame"), useTranslations("common"), useFormatter()];

  function onKeyDown(event: KeyboardEvent): void {
    if (
      event.altKey ||
      event.ctrlKey ||
      event.metaKey ||
      (event.target instanceof HTMLElement && /^(INPUT|SELECT)$/.test(event.target.tagName))
    )
      return;
    const go = event.key === "ArrowLeft" ? previous : event.key === "ArrowRight" ? next : null;
    if (!go) return;
    event.preventDefault();
    go();
  }

  return (
    <Dialog.Root open onOpenChange={(open) => (open ? undefined : onClose())}>
      <Dialog.Portal>
        <Dialog.Overlay className={OVERLAY} />
        <Dialog.Content
          aria-describedby={undefined}
          // No button first: the arrow keys are what one wants here, and a disabled one would explain itself at once.
          onOpenAutoFocus={(event) => {
            event.preventDefault();
            if (event.currentTarget instanceof HTMLElement) event.currentTarget.focus();
          }}
          onKeyDown={onKeyDown}
          onCloseAutoFocus={(event) => {
            event.preventDefault();
            onFocusBack();
          }}
          className="fixed inset-0 z-50 flex outline-none animate-appear flex-col overflow-hidden bg-raised sm:inset-4 sm:rounded-lg sm:border sm:border-line sm:shadow-raised lg:inset-x-12 lg:inset-y-8"
        >
          <div className="flex items-center gap-1 border-b border-line py-2 pr-2 pl-4">
            <Dialog.Title className="min-w-0 grow truncate font-semibold">
              <bdi>{name === null ? common("loading") : escapeName(name)}</bdi>
            </Dialog.Title>
            <span role="status" className="mr-2 shrink-0 text-sm text-muted">
              {t("position", { position: format.number(index + 1), count: format.number(count) })}
            </span>
            <Button
              variant="ghost"
              size="icon"
              aria-label={t("previous")}
              disabled={previous ? false : t("first")}
              onClick={() => previous?.()}
            >
              <ChevronLeft aria-hidden />
            </Button>
            <Button
              variant="ghost"
              size="icon"
              aria-label={t("next")}
              disabled={next ? false : t("last")}
              onClick={() => next?.()}
            >
              <ChevronRight aria-hidden />
            </Button>
            <Dialog.Close className={buttonStyle({ variant: "ghost", size: "icon" })} aria-label={common("close")}>
              <X aria-hidden />
            </Dialog.Close>
          </div>
          <div className="flex min-h-0 grow flex-col md:flex-row">
            <div className="@container-size grid min-h-0 grow place-items-center bg-panel p-4">{picture}</div>
            <div
              role="region"
              aria-label={t("details")}
              tabIndex={0}
              className="grid max-h-[45dvh] shrink-0 -outline-offset-2 content-start gap-5 overflow-y-auto border-line p-4 max-md:border-t md:max-h-none md:w-72 md:border-l"
            >
              {children}
            </div>
          </div>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

/** Narrower images are shown with hard pixels when they are enlarged. */
const PIXELATED_BELOW_PX = 200;

interface LargeProps {
  src: string;
  alt: string;
  width: number;
  height: number;
  boxes: readonly MarkedBox[];
  classes: readonly string[];
  /** The box to point out. */
  chosen?: number | null;
}

/** An image as large as the frame lets it be, with its boxes. */
export function LargeImage({ src, alt, width, height, boxes, classes, chosen = null }: LargeProps) {
  return (
    <div
      className="relative"
      style={{ aspectRatio: `${width} / ${height}`, width: `min(100cqw, 100cqh * ${width / height})` }}
    >
      <img
        key={src}
        src={src}
        alt={alt}
        width={width}
        height={height}
        className="size-full rounded-sm"
        style={width < PIXELATED_BELOW_PX ? { imageRendering: "pixelated" } : undefined}
      />
      <Boxes width={width} height={height} boxes={boxes} classes={classes} chosen={chosen} named />
    </div>
  );
}

/** A line of a list (dl) beside the image. */
export function Fact({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="flex justify-between gap-4">
      <dt className="text-muted">{label}</dt>
      <dd className="min-w-0 break-words">{children}</dd>
    </div>
  );
}
