"use client";

import { useTranslations } from "next-intl";
import { useRouter } from "next/navigation";
import { useEffect, useRef, useState } from "react";
import { Button } from "@/app/_ui/button";
import { Callout } from "@/app/_ui/callout";
import { EmptyState } from "@/app/_ui/empty-state";
import { escapeName } from "@/app/_ui/exact-name";
import { toast, toastError } from "@/app/_ui/toast";
import type { ImagesPage } from "@/lib/domain/images-page";
import type { ImageFilter } from "../_images/image-filters";
import { changeImages } from "./change-images";
import { Grid, GRID_ID } from "./grid";
import { Lightbox } from "./lightbox";
import { filterQuery, useListing, type ListedImage } from "./listing";
import { NONE, type Selection } from "./selection";
import { SelectionBar, type Change } from "./selection-bar";

/** Where there may be more than is known, room for so many is kept. */
const ROOM = 100;

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
  const [wanted, setWanted] = useState(1);
  const [selection, setSelection] = useState<Selection>(NONE);
  const [opened, setOpened] = useState<number | null>(null);
  const [pending, setPending] = useState(false);
  const { images, complete, fresh, failed, reload, patch } = useListing(`${url}/images`, filterQuery(filter).toString(), opened === null ? wanted : Math.max(wanted, opened + 2));

  const before = useRef(brought);
  useEffect(() => {
    if (before.current !== brought) reload();
    before.current = brought;
  }, [brought, reload]);

  const labels = page.project.type === "CLASSIFICATION";
  const classes = page.classes.map(({ name }) => name);
  const known = totalOf(page, filter);
  const count = complete ? images.length : Math.max(images.length + ROOM, known ?? 0);
  const image = opened === null ? undefined : images[opened];

  /** Changes these images, here and on the server; null when it is done, else what was wrong. */
  async function changeThem(target: Selection, change: Change): Promise<string | null> {
    setPending(true);
    const result = await changeImages(url, target === "all" ? { filter } : { imageIds: [...target] }, change);
    setPending(false);
    if (!result.ok) return result.sentence ?? t("changeFailed");
    if (target === "all") reload();
    else patch((shown) => (target.has(shown.id) ? { ...shown, ...change } : shown));
    router.refresh();
    return null;
  }

  async function changeSelection(change: Change): Promise<string | null> {
    const problem = await changeThem(selection, change);
    if (problem !== null) {
      if (change.split) toastError(problem);
      return problem;
    }
    patch((shown) => (fits(shown, filter) ? shown : null));
    setSelection(NONE);
    const number = selection === "all" ? (known ?? images.length) : selection.size;
    toast(change.split ? t("splitSet", { count: number, split: common(`splits.${change.split}`) }) : change.label ? t("classSet", { count: number, label: change.label.trim() }) : t("classRemoved", { count: number }));
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
  if (complete && images.length === 0) {
    return filtered ? (
      <EmptyState title={t("noMatch")} action={<Button onClick={clear}>{t("clearFilters")}</Button>} />
    ) : (
      <p role="status" className="text-muted">
        {common("loading")}
      </p>
    );
  }
  const selectAll = () => setSelection(complete ? new Set(images.map(({ id }) => id)) : "all");
  return (
    <div className="grid gap-3">
      <div className="flex min-h-8 flex-wrap items-center justify-between gap-2">
        <p role="status" className="text-sm text-muted">
          {fresh ? common("loading") : complete || known !== null ? common("images", { count: complete ? images.length : (known ?? 0) }) : t("moreThan", { count: images.length })}
        </p>
        {page.may.uploadImages && !fresh ? (
          <Button variant="ghost" size="sm" onClick={selectAll}>
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
        select={page.may.uploadImages ? setSelection : null}
        selectAll={selectAll}
        open={setOpened}
        onReach={setWanted}
      />
      {selection === "all" || selection.size > 0 ? (
        <SelectionBar
          count={selection === "all" ? known : selection.size}
          classes={classes}
          labels={labels}
          pending={pending}
          change={changeSelection}
          clear={() => {
            setSelection(NONE);
            document.getElementById(GRID_ID)?.focus();
          }}
        />
      ) : null}
      {opened !== null && image ? (
        <Lightbox
          url={`${url}/images`}
          image={image}
          index={opened}
          count={complete ? images.length : Math.max(known ?? 0, images.length)}
          classes={classes}
          labels={labels}
          change={
            page.may.uploadImages
              ? async (change) => {
                  const problem = await changeThem(new Set([image.id]), change);
                  if (problem !== null && change.split) toastError(problem);
                  else if (problem === null) toast(t("changed", { name: escapeName(image.fileName) }));
                  return problem;
                }
              : null
          }
          previous={opened > 0 ? () => setOpened(opened - 1) : null}
          next={opened + 1 < images.length ? () => setOpened(opened + 1) : null}
          onClose={() => {
            setOpened(null);
            patch((shown) => (fits(shown, filter) ? shown : null));
          }}
        />
      ) : null}
    </div>
  );
}

/** Whether an image still belongs to what is shown, after it was changed. */
function fits({ split, label, boxes }: ListedImage, filter: ImageFilter): boolean {
  const classes = label === null ? boxes.map((box) => box.label) : [label];
  return (filter.split === null || split === filter.split) && (filter.label === null || classes.includes(filter.label)) && (!filter.unlabelled || classes.length === 0);
}

/** How many images match, where the page knows it. */
function totalOf({ images, unlabelled, splits, classes, project }: ImagesPage, filter: ImageFilter): number | null {
  const { split, label } = filter;
  if (split !== null) return label === null && !filter.unlabelled ? splits[split] : null;
  if (filter.unlabelled) return unlabelled;
  if (label === null) return images;
  return project.type === "CLASSIFICATION" ? (classes.find(({ name }) => name === label)?.count ?? 0) : null;
}

