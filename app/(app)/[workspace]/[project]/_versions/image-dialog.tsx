"use client";

import { useFormatter, useTranslations } from "next-intl";
import { useState } from "react";
import { Skeleton } from "@/app/_ui/skeleton";
import type { VersionImage } from "@/lib/work/versions/images";
import { Fact, ImageFrame, LargeImage } from "../_images/image-frame";
import { SplitDot } from "../_images/image-tile";
import { labelOf } from "../_images/label";

interface Props {
  /** Where the version's and the project's bytes are. */
  url: string;
  projectUrl: string;
  index: number;
  total: number;
  /** undefined while it is being fetched. */
  image: VersionImage | undefined;
  classes: readonly string[];
  onMove: (index: number) => void;
  onClose: () => void;
  onFocusBack: () => void;
}

/** One image of a version large, with its boxes, beside what it was made of. */
export function ImageDialog({ url, projectUrl, index, total, image, classes, onMove, onClose, onFocusBack }: Props) {
  const [t, common, format] = [useTranslations("versions.look"), useTranslations("common"), useFormatter()];
  return (
    <ImageFrame
      name={image?.name ?? null}
      index={index}
      count={total}
      previous={index > 0 ? () => onMove(index - 1) : null}
      next={index < total - 1 ? () => onMove(index + 1) : null}
      onClose={onClose}
      onFocusBack={onFocusBack}
      picture={
        image ? (
          <LargeImage
            src={`${url}/${image.path}`}
            alt={image.sourceImageId === null ? image.name : t("generated", { name: image.name })}
            width={image.width}
            height={image.height}
            boxes={image.boxes}
            classes={classes}
          />
        ) : (
          <Skeleton className="size-40" />
        )
      }
    >
      {image ? (
        <>
          {image.sourceImageId === null ? null : (
            <Source key={image.sourceImageId} src={`${projectUrl}/images/${image.sourceImageId}`} />
          )}
          <dl className="grid gap-2 text-sm">
            <Fact label={t("split")}>
              <span className="flex items-center gap-1.5">
                <SplitDot split={image.split} />
                {common(`splits.${image.split}`)}
              </span>
            </Fact>
            <Fact label={t("class")}>
              <bdi>{labelOf(image) ?? t("none")}</bdi>
            </Fact>
            {image.boxes.length > 0 ? <Fact label={t("boxes")}>{format.number(image.boxes.length)}</Fact> : null}
            <Fact label={t("size")}>{t("pixels", { width: String(image.width), height: String(image.height) })}</Fact>
            {image.sourceImageId === null ? null : <Fact label={t("output")}>{format.number(image.output + 1)}</Fact>}
          </dl>
        </>
      ) : null}
    </ImageFrame>
  );
}

/** What the image was made of, while the project still has it. */
function Source({ src }: { src: string }) {
  const t = useTranslations("versions.look");
  const [gone, setGone] = useState(false);
  return (
    <figure className="grid gap-1.5">
      <figcaption className="text-sm text-muted">{gone ? t("sourceGone") : t("source")}</figcaption>
      {gone ? null : (
        <img
          src={src}
          alt={t("source")}
          onError={() => setGone(true)}
          className="max-h-48 w-full rounded-md border border-line bg-hover object-contain"
        />
      )}
    </figure>
  );
}
