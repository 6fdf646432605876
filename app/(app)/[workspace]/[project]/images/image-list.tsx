"use client";

import { useTranslations } from "next-intl";
import { useRouter } from "next/navigation";
import { useEffect, useRef, useState } from "react";
import { Button } from "@/app/_ui/button";
import { Callout } from "@/app/_ui/callout";
import { EmptyState } from "@/app/_ui/empty-state";
import { escapeName } from "@/app/_ui/exact-name";
import { toast, toastError } from "@/app/_ui/toast";
import type { ImagesPage } from "@/lib/domain/images";
import type { BrowserImage } from "@/lib/doors/images/browser";
import type { ImageFilter } from "../_images/image-filters";
import type { Places } from "../_images/use-ranges";
import { restoreItemAction } from "../../_deleting/actions";
import { useTrashedToast } from "../../_deleting/undo";
import { changeImages, removeImages } from "./change-images";
import { Grid, GRID_ID, type Choose } from "./grid";
import { Lightbox } from "./lightbox";
import { filterQuery, useListing } from "./listing";
import { NONE, toggle, type Selection } from "./selection";
import { SelectionBar, type Change } from "./selection-bar";

interface Props {
  /** The project under /data. */
  url: string;
  page: ImagesPage;
  filter: ImageFilter;
  filtered: boolean;
  clear: () => void;
  /** Another number: there are other images than there were. */
  brought: number;
}

/** The images that match, to look at, to choose and to change. Give it a key of the filter. */
export function ImageList({ url, page, filter, filtered, clear, brought }: Props) {
  const t = useTranslations("images");
  const common = useTranslations("common");
  const router = useRouter();
  const sayTrashed = useTrashedToast();
  const [inSight, setInSight] = useState<Places>({ first: 0, last: 0 });
  const [selection, setSelection] = useState<Selection>(NONE);
  const [opened, setOpened] = useState<number | null>(null);
  const [pending, setPending] = useState(false);
  const wanted = opened === null ? inSight : { first: Math.max(opened - 1, 0), last: opened + 1 };
  const { images, total, failed, reload, patch, idsBetween } = useListing(
    `${url}/images`,
    filterQuery(filter).toString(),
    wanted,
  );

  const shown = useRef(brought);
  useEffect(() => {
    if (shown.current === brought || opened !== null) return; // under the eyes of who looks at one image, none is moved
    shown.current = brought;
    reload();
  }, [brought, opened, reload]);

  const labels = page.project.type === "CLASSIFICATION";
  const classes = page.classes.map(({ name }) => name);
  const count = total ?? page.images; // until the first answer, room for all
  const image = opened === null ? undefined : images.get(opened);

  /** Changes these images, here and on the server; null when it is done, else what was wrong. */
  async function changeThem(target: Selection, change: Change): Promise<string | null> {
    setPending(true);
    const result = await changeImages(url, target === "all" ? { filter } : { imageIds: [...target] }, change);
    setPending(false);
    if (!result.ok) return result.sentence ?? t("changeFailed");
    patch((shown) => (target === "all" || target.has(shown.id) ? { ...shown, ...change } : shown));
    router.refresh();
    return null;
  }

  async function changeSelection(change: Change): Promise<string | null> {
    const problem = await changeThem(selection, change);
    if (problem !== null) {
      if (change.split) toastError(problem);
      return problem;
    }
    if (filtered) reload();
    setSelection(NONE);
    const number = selection === "all" ? count : selection.size;
    toast(
      change.split
        ? t("splitSet", { count: number, split: common(`splits.${change.split}`) })
        : change.label
          ? t("classSet", { count: number, label: change.label.trim() })
          : t("classRemoved", { count: number }),
    );
    setTimeout(() => document.getElementById(GRID_ID)?.focus(), 0); // the bar that had the focus goes
    return null;
  }

  /** Moves what is chosen to Trash; null when it is done, else what was wrong. Undo brings it back to where it was. */
  async function removeSelection(note: string): Promise<string | null> {
    const result = await removeImages(url, selection === "all" ? { filter } : { imageIds: [...selection] }, note);
    if (!result.ok) return result.sentence ?? t("removal.failed");
    const { removed } = result;
    const workspaceSlug = page.workspace.slug;
    if (removed)
      sayTrashed(t("removal.label", { count: removed.images, project: page.project.name }), async () => {
        const restored = await restoreItemAction({ workspaceSlug, item: { type: "IMAGES", removalId: removed.id } });
        reload();
        return restored;
      });
    setSelection(NONE);
    reload();
    router.refresh();
    setTimeout(() => document.getElementById(GRID_ID)?.focus(), 0); // the bar that had the focus goes
    return null;
  }

  if (failed) {
    return (
      <Callout tone="warn" announce action={<Button onClick={reload}>{common("tryAgain")}</Button>}>
        {t("loadFailed")}
      </Callout>
    );
  }
  if (total === 0) {
    return filtered ? (
      <EmptyState title={t("noMatch")} action={<Button onClick={clear}>{t("clearFilters")}</Button>} />
    ) : (
      <p role="status" className="text-muted">
        {common("loading")}
      </p>
    );
  }
  /** Changes the selection by images of which some may not have been fetched yet. */
  async function chooseAmong(
    places: Places,
    change: (selection: Selection, ids: readonly string[]) => Selection,
  ): Promise<void> {
    setPending(true);
    const ids = await idsBetween(places).catch(() => null);
    setPending(false);
    if (ids) setSelection((selection) => change(selection, ids));
    else toastError(t("loadFailed"));
  }
  const choose: Choose = {
    toggle: (id) =>
      selection === "all"
        ? void chooseAmong({ first: 0, last: count - 1 }, (_, ids) => toggle(new Set(ids), id))
        : setSelection(toggle(selection, id)),
    add: (places) =>
      void chooseAmong(places, (selection, ids) => (selection === "all" ? selection : new Set([...selection, ...ids]))),
    all: () => setSelection("all"),
    none: () => setSelection(NONE),
  };
  return (
    <div className="grid gap-3">
      <div className="flex min-h-8 flex-wrap items-center justify-between gap-2">
        <p role="status" className="text-sm text-muted">
          {total === null ? common("loading") : common("images", { count: total })}
        </p>
        {page.may.uploadImages && total !== null ? (
          <Button variant="ghost" size="sm" onClick={choose.all}>
            {t("selectAll")}
          </Button>
        ) : null}
      </div>
      <Grid
        label={t("gridLabel", { project: page.project.name })}
        url={`${url}/images`}
        images={images}
        count={count}
        classes={classes}
        selection={selection}
        choose={page.may.uploadImages ? choose : null}
        open={setOpened}
        onSight={setInSight}
      />
      {selection === "all" || selection.size > 0 ? (
        <SelectionBar
          count={selection === "all" ? count : selection.size}
          classes={classes}
          labels={labels}
          pending={pending}
          change={changeSelection}
          remove={page.may.removeImages ? removeSelection : null}
          clear={() => {
            setSelection(NONE);
            document.getElementById(GRID_ID)?.focus();
          }}
        />
      ) : null}
      {opened !== null ? (
        <Lightbox
          url={`${url}/images`}
          image={image}
          index={opened}
          count={count}
          classes={classes}
          labels={labels}
          change={
            page.may.uploadImages && image
              ? async (change) => {
                  const problem = await changeThem(new Set([image.id]), change);
                  if (problem !== null && change.split) toastError(problem);
                  else if (problem === null) toast(t("changed", { name: escapeName(image.fileName) }));
                  return problem;
                }
              : null
          }
          previous={opened > 0 ? () => setOpened(opened - 1) : null}
          next={opened + 1 < count ? () => setOpened(opened + 1) : null}
          onClose={() => {
            setOpened(null);
            if ([...images.values()].some((shown) => !fits(shown, filter))) reload();
          }}
        />
      ) : null}
    </div>
  );
}

/** Whether an image still belongs to what is shown, after it was changed. */
function fits({ split, label, boxes, tags, batch }: BrowserImage, filter: ImageFilter): boolean {
  const classes = label === null ? boxes.map((box) => box.label) : [label];
  return (
    (filter.split === null || split === filter.split) &&
    (filter.label === null || classes.includes(filter.label)) &&
    (!filter.unlabelled || classes.length === 0) &&
    (filter.tag === null || tags.includes(filter.tag)) &&
    (filter.batch === null || batch === filter.batch)
  );
}
