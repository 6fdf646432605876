"use client";

import { useFormatter, useTranslations } from "next-intl";
import { useState, type FormEvent } from "react";
import { Button } from "@/app/_ui/button";
import { cn } from "@/app/_ui/class-names";
import { Field } from "@/app/_ui/field";
import { Bytes } from "@/app/_ui/number";
import { Select } from "@/app/_ui/select";
import { Skeleton } from "@/app/_ui/skeleton";
import type { BrowserImage } from "@/lib/doors/images/browser";
import { colourOf, type MarkedBox } from "../_images/boxes";
import { Fact, ImageFrame, LargeImage } from "../_images/image-frame";
import { SPLIT_NAMES } from "@/lib/domain/splits";
import { SplitDot } from "../_images/image-tile";
import { ClassInput } from "./class-input";
import { GRID_ID } from "./grid";
import type { Change } from "./selection-bar";

interface Props {
  url: string;
  /** undefined while it is being fetched. */
  image: BrowserImage | undefined;
  index: number;
  /** How many there are. */
  count: number;
  classes: readonly string[];
  /** Whether images have a class here, or boxes. */
  labels: boolean;
  /** null for who may only look. */
  change: ((change: Change) => Promise<string | null>) | null;
  /** null where there is none. */
  previous: (() => void) | null;
  next: (() => void) | null;
  onClose: () => void;
}

/** One image large, with what is known of it, and where its class and split are changed. */
export function Lightbox({ url, image, index, count, classes, labels, change, previous, next, onClose }: Props) {
  const t = useTranslations("images");
  const common = useTranslations("common");
  const format = useFormatter();
  const [picked, pick] = useState<{ imageId: string; box: number } | null>(null);
  const chosen = image && picked?.imageId === image.id ? picked.box : null;
  return (
    <ImageFrame
      name={image?.fileName ?? null}
      index={index}
      count={count}
      previous={previous}
      next={next}
      onClose={onClose}
      onFocusBack={() => document.getElementById(GRID_ID)?.focus()}
      picture={
        image ? (
          <LargeImage
            src={`${url}/${image.id}`}
            alt={t("imageAlt", {
              position: format.number(index + 1),
              name: image.fileName,
              label: image.label ?? t("boxes", { count: image.boxes.length }),
              split: common(`splits.${image.split}`),
            })}
            width={image.width}
            height={image.height}
            boxes={image.boxes}
            classes={classes}
            chosen={chosen}
          />
        ) : (
          <Skeleton className="size-40" />
        )
      }
    >
      {image ? (
        <>
          {labels ? <ClassFact key={image.id} image={image} classes={classes} change={change} /> : null}
          <SplitFact image={image} change={change} />
          {labels ? null : (
            <BoxList
              boxes={image.boxes}
              classes={classes}
              chosen={chosen}
              choose={(box) => pick(box === null ? null : { imageId: image.id, box })}
            />
          )}
          <dl className="grid gap-2 text-sm">
            <Fact label={t("size")}>{t("pixels", { width: String(image.width), height: String(image.height) })}</Fact>
            <Fact label={t("fileSize")}>
              <Bytes value={image.sizeBytes} />
            </Fact>
            <Fact label={t("format")}>{image.contentType.replace("image/", "").toUpperCase()}</Fact>
            {image.batch === null ? null : (
              <Fact label={t("batch")}>
                <bdi>{image.batch}</bdi>
              </Fact>
            )}
            {image.sequenceNumber === null || image.sequenceSize === null ? null : (
              <Fact label={t("sequence")}>
                {t("sequencePlace", { number: image.sequenceNumber, size: image.sequenceSize })}
              </Fact>
            )}
          </dl>
          <TagList tags={image.tags} />
          <MetadataList metadata={image.metadata} />
        </>
      ) : null}
    </ImageFrame>
  );
}

/** The image's class, which may be changed here. */
function ClassFact({
  image,
  classes,
  change,
}: {
  image: BrowserImage;
  classes: readonly string[];
  change: Props["change"];
}) {
  const t = useTranslations("images");
  const common = useTranslations("common");
  const [text, setText] = useState(image.label ?? "");
  const [error, setError] = useState<string | null>(null);
  const [pending, setPending] = useState(false);
  if (!change) {
    return (
      <dl className="grid gap-0.5">
        <dt className="text-sm text-muted">{t("class")}</dt>
        <dd>{image.label ?? t("unlabelled")}</dd>
      </dl>
    );
  }
  const changed = text.trim() !== (image.label ?? "");
  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault();
    if (!change || !changed || pending) return;
    setPending(true);
    setError(await change({ label: text.trim() === "" ? null : text }));
    setPending(false);
  }
  return (
    <form onSubmit={(event) => void submit(event)}>
      <Field label={t("class")} error={error}>
        {(control) => (
          <div className="flex gap-2">
            <ClassInput
              {...control}
              classes={classes}
              value={text}
              placeholder={t("unlabelled")}
              onChange={({ target }) => setText(target.value)}
            />
            <Button type="submit" variant={changed ? "primary" : "secondary"} pending={pending} disabled={!changed}>
              {common("save")}
            </Button>
          </div>
        )}
      </Field>
    </form>
  );
}

function SplitFact({ image, change }: { image: BrowserImage; change: Props["change"] }) {
  const t = useTranslations("images");
  const common = useTranslations("common");
  if (!change) {
    return (
      <dl className="grid gap-0.5">
        <dt className="text-sm text-muted">{t("split")}</dt>
        <dd className="flex items-center gap-1.5">
          <SplitDot split={image.split} />
          {common(`splits.${image.split}`)}
        </dd>
      </dl>
    );
  }
  return (
    <Field label={t("split")}>
      {(control) => (
        <Select
          {...control}
          className="w-full"
          value={image.split}
          onChange={({ target }) =>
            void change({ split: SPLIT_NAMES.find((split) => split === target.value) ?? image.split })
          }
        >
          {SPLIT_NAMES.map((split) => (
            <option key={split} value={split}>
              {common(`splits.${split}`)}
            </option>
          ))}
        </Select>
      )}
    </Field>
  );
}

/** The boxes of the image; pointing at one picks it out of the image. */
function BoxList({
  boxes,
  classes,
  chosen,
  choose,
}: {
  boxes: readonly MarkedBox[];
  classes: readonly string[];
  chosen: number | null;
  choose: (index: number | null) => void;
}) {
  const t = useTranslations("images");
  if (boxes.length === 0) return <p className="text-sm text-muted">{t("noBoxes")}</p>;
  return (
    <section aria-label={t("boxes", { count: boxes.length })} className="grid gap-1">
      <h3 className="text-sm text-muted">{t("boxes", { count: boxes.length })}</h3>
      <ul className="-mx-2 grid">
        {boxes.map((box, index) => (
          <li key={index}>
            <button
              type="button"
              aria-pressed={chosen === index}
              onClick={() => choose(chosen === index ? null : index)}
              className={cn(
                "flex w-full items-center gap-2 rounded-md px-2 py-1 text-left text-sm -outline-offset-2 hover:bg-hover pointer-coarse:py-2",
                chosen === index && "bg-hover",
              )}
            >
              <span
                aria-hidden
                className="size-2.5 shrink-0 rounded-sm"
                style={{ background: colourOf(box.label, classes) }}
              />
              <bdi className="min-w-0 grow truncate">{box.label}</bdi>
              <span className="shrink-0 text-xs text-muted">
                {t("pixels", { width: String(Math.round(box.width)), height: String(Math.round(box.height)) })}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function TagList({ tags }: { tags: readonly string[] }) {
  const t = useTranslations("images");
  if (tags.length === 0) return null;
  return (
    <section aria-label={t("tags")} className="grid gap-1">
      <h3 className="text-sm text-muted">{t("tags")}</h3>
      <ul className="flex flex-wrap gap-1.5">
        {tags.map((tag) => (
          <li key={tag} className="max-w-full truncate rounded-md bg-hover px-1.5 py-0.5 text-sm">
            <bdi>{tag}</bdi>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** What programs wrote down of the image, by key. */
function MetadataList({ metadata }: { metadata: BrowserImage["metadata"] }) {
  const t = useTranslations("images");
  const entries = Object.entries(metadata);
  if (entries.length === 0) return null;
  return (
    <section aria-label={t("metadata")} className="grid gap-1">
      <h3 className="text-sm text-muted">{t("metadata")}</h3>
      <dl className="grid gap-2 text-sm">
        {entries.map(([key, value]) => (
          <Fact key={key} label={key}>
            <bdi className="break-words">{String(value)}</bdi>
          </Fact>
        ))}
      </dl>
    </section>
  );
}
