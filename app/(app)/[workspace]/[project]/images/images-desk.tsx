"use client";

import { useTranslations } from "next-intl";
import { useRouter } from "next/navigation";
import { useEffect, useRef, useState } from "react";
import { EmptyState } from "@/app/_ui/empty-state";
import { StackedBar } from "@/app/_ui/stacked-bar";
import type { ImagesPage } from "@/lib/domain/images";
import type { UploadSettings } from "@/lib/work/uploads/settings";
import { ImageFilters, isFiltered, useImageFilter } from "../_images/image-filters";
import { SPLIT_NAMES } from "@/lib/domain/splits";
import { UploadPanel } from "./_upload/upload-panel";
import { Uploader } from "./_upload/uploader";
import { useUploads } from "./_upload/use-uploads";
import { ImageList } from "./image-list";

/** The first images show soon, further ones now and then. */
const FIRST_MS = 1_000;
const FURTHER_MS = 5_000;

/** The images of a project: what they add up to, what is being uploaded, and the images themselves. */
export function ImagesDesk({ page, settings }: { page: ImagesPage; settings: UploadSettings }) {
  const { workspace, project, images, unlabelled, splits, may } = page;
  const t = useTranslations("images");
  const common = useTranslations("common");
  const url = `/data/${workspace.slug}/${project.slug}`;
  const labels = project.type === "CLASSIFICATION";
  const classes = page.classes.map(({ name }) => name);
  const imageMegabytes = Math.round(settings.imageBytesMax / 1024 ** 2);
  const { filter, change, clear } = useImageFilter();
  const { queue, state } = useUploads({ url, settings });
  const brought = useBrought(state.added + state.restored + state.annotated, state.status === "running");

  const uploader = may.uploadImages ? (
    <Uploader
      project={project.name}
      queue={queue}
      labels={labels}
      classes={classes}
      limits={{ imageBytes: settings.imageBytesMax, annotationBytes: settings.annotationBytesMax }}
      imageMegabytes={imageMegabytes}
      // After the dialog that is closing in the same moment has given the focus back to what may not be there any more.
      onBegin={() => setTimeout(() => document.getElementById("upload")?.focus(), 0)}
    />
  ) : (
    <p className="max-w-xs text-sm text-muted">{t("viewer")}</p>
  );
  const panel =
    state.status === "idle" ? null : <UploadPanel queue={queue} state={state} imageMegabytes={imageMegabytes} />;

  if (images === 0) {
    return (
      <>
        {panel}
        {state.status === "running" ? null : may.uploadImages ? (
          <EmptyState title={t("empty")} action={uploader}>
            <p>{t("emptyText")}</p>
            <p className="mt-2 text-sm">
              {t("limits", { megabytes: imageMegabytes, megapixels: Math.round(settings.imagePixelsMax / 1_000_000) })}
            </p>
            {labels ? null : <p className="mt-2 text-sm">{t("upload.boxesHint")}</p>}
          </EmptyState>
        ) : (
          <EmptyState title={t("empty")}>{t("emptyViewer")}</EmptyState>
        )}
      </>
    );
  }
  const unlabelledLabel = labels ? t("unlabelled") : t("withoutBoxes");
  return (
    <>
      <div className="flex flex-wrap items-start justify-between gap-x-6 gap-y-4">
        <div className="grid w-full max-w-md gap-2.5">
          <p className="flex flex-wrap items-baseline gap-x-3">
            <span className="font-semibold">{common("images", { count: images })}</span>
            {unlabelled > 0 ? (
              <button
                type="button"
                className="rounded-sm text-sm text-accent underline underline-offset-2"
                onClick={() => change({ unlabelled: true, label: null, split: null })}
              >
                {labels ? t("unlabelledCount", { count: unlabelled }) : t("withoutBoxesCount", { count: unlabelled })}
              </button>
            ) : (
              <span className="text-sm text-muted">{labels ? t("allLabelled") : t("allWithBoxes")}</span>
            )}
          </p>
          <StackedBar
            segments={SPLIT_NAMES.map((split) => ({
              label: common(`splits.${split}`),
              value: splits[split],
              tone: split,
            }))}
          />
        </div>
        {uploader}
      </div>
      {panel}
      <div className="flex flex-wrap items-center gap-2">
        <ImageFilters
          classes={classes}
          filter={filter}
          change={change}
          clear={clear}
          unlabelledLabel={unlabelledLabel}
          tags={page.tags.map(({ name }) => name)}
          batches={page.batches}
        />
      </div>
      <ImageList
        key={JSON.stringify(filter)}
        url={url}
        page={page}
        filter={filter}
        filtered={isFiltered(filter)}
        clear={clear}
        brought={brought}
      />
    </>
  );
}

/** What an upload has brought, told every few seconds and when it is over; the page is fetched anew with it. */
function useBrought(brought: number, running: boolean): number {
  const router = useRouter();
  const [shown, setShown] = useState(brought);
  const latest = useRef(brought);
  useEffect(() => {
    latest.current = brought;
  });
  const behind = brought !== shown;
  const first = shown === 0;
  useEffect(() => {
    if (!behind) return;
    const show = () => {
      setShown(latest.current);
      router.refresh();
    };
    const timer = setTimeout(show, !running ? 0 : first ? FIRST_MS : FURTHER_MS);
    return () => clearTimeout(timer);
  }, [behind, first, running, router]);
  return shown;
}
