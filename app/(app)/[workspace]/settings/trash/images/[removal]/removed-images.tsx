"use client";

import { Check } from "lucide-react";
import { useTranslations } from "next-intl";
import { useRouter } from "next/navigation";
import { useState, useTransition } from "react";
import { Button } from "@/app/_ui/button";
import { Checkbox } from "@/app/_ui/checkbox";
import { cn } from "@/app/_ui/class-names";
import { escapeName } from "@/app/_ui/exact-name";
import { toast, toastError } from "@/app/_ui/toast";
import type { RemovedImage } from "@/lib/domain/trash";
import { NAME_OF_SPLIT } from "@/lib/domain/splits";
import { ImageTile } from "../../../../[project]/_images/image-tile";
import { restoreItemAction } from "../../../../_deleting/actions";
import { restoreImagesAction } from "../../actions";
import { trashHref } from "../../view-query";

interface Props {
  workspaceSlug: string;
  removalId: string;
  label: string;
  images: readonly RemovedImage[];
  /** These are all that the item holds. */
  whole: boolean;
  mayRestore: boolean;
}

const NOTHING: ReadonlySet<string> = new Set();

/** The images of one item of Trash as a grid, of which some are chosen and restored, or all. */
export function RemovedImages({ workspaceSlug, removalId, label, images, whole, mayRestore }: Props) {
  const t = useTranslations("trash");
  const common = useTranslations("common");
  const router = useRouter();
  const [chosen, setChosen] = useState(NOTHING);
  const [pending, startTransition] = useTransition();
  const present = images.map(({ id }) => id);
  const selected = present.filter((id) => chosen.has(id));

  function choose(ids: readonly string[], on: boolean): void {
    setChosen((before) => new Set(on ? [...before, ...ids] : [...before].filter((id) => !ids.includes(id))));
  }
  const restore = (imageIds: readonly string[] | null) =>
    startTransition(async () => {
      const answer = await (
        imageIds === null
          ? restoreItemAction({ workspaceSlug, item: { type: "IMAGES", removalId } })
          : restoreImagesAction({ workspaceSlug, removalId, imageIds: [...imageIds] })
      ).catch(() => null);
      if (!answer?.ok) {
        toastError(answer ? t("failed", { label, reason: answer.error.message }) : common("unknown"));
        return router.refresh();
      }
      toast(imageIds === null ? t("restored", { label }) : t("removal.restored", { count: imageIds.length }));
      if (imageIds === null || (whole && imageIds.length === images.length))
        return router.push(trashHref(workspaceSlug));
      setChosen(NOTHING);
      document.getElementById("removed-all")?.focus();
      router.refresh();
    });

  return (
    <>
      {mayRestore ? (
        <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
          <label className="flex h-8 items-center gap-2">
            <Checkbox
              id="removed-all"
              checked={selected.length === 0 ? false : selected.length === present.length || "indeterminate"}
              onCheckedChange={() => choose(present, selected.length !== present.length)}
            />
            {t("removal.selectAll", { count: images.length })}
          </label>
          <Button pending={pending && selected.length === 0} onClick={() => restore(null)}>
            {t("restoreAll")}
          </Button>
        </div>
      ) : null}
      <ul aria-label={label} className="grid grid-cols-[repeat(auto-fill,minmax(112px,1fr))] gap-3">
        {images.map((image) => (
          <li key={image.id}>
            <Tile
              image={image}
              src={`/data/${workspaceSlug}/trash/images/${removalId}/${image.id}`}
              chosen={chosen.has(image.id)}
              onChoose={mayRestore ? (on) => choose([image.id], on) : null}
            />
          </li>
        ))}
      </ul>
      <p role="status" className="sr-only">
        {selected.length > 0 ? t("selected", { count: selected.length }) : ""}
      </p>
      {selected.length > 0 ? (
        <div
          role="group"
          aria-label={t("removal.selection")}
          className="sticky bottom-3 z-20 mx-auto flex w-fit max-w-full animate-appear flex-wrap items-center justify-center gap-1.5 rounded-lg border border-line bg-raised p-1.5 pl-3 shadow-raised"
        >
          <span aria-hidden className="mr-1.5 text-sm font-medium">
            {t("selected", { count: selected.length })}
          </span>
          <Button size="sm" variant="primary" pending={pending} onClick={() => restore(selected)}>
            {t("restore")}
          </Button>
          <Button size="sm" variant="ghost" onClick={() => setChosen(NOTHING)}>
            {t("clear")}
          </Button>
        </div>
      ) : null}
    </>
  );
}

/** One image; the whole of it is its checkbox where it may be chosen. */
function Tile({
  image,
  src,
  chosen,
  onChoose,
}: {
  image: RemovedImage;
  src: string;
  chosen: boolean;
  onChoose: ((on: boolean) => void) | null;
}) {
  const t = useTranslations("trash.removal");
  const common = useTranslations("common");
  const { fileName, width, height, split, label, boxes } = image;
  const name = escapeName(fileName);
  const facts = [
    common(`splits.${NAME_OF_SPLIT[split]}`),
    ...(label === null ? [] : [escapeName(label)]),
    ...(boxes > 0 ? [t("boxes", { count: boxes })] : []),
  ];
  const tile = (
    <ImageTile
      src={src}
      alt={[name, ...facts].join(", ")}
      width={width}
      height={height}
      split={NAME_OF_SPLIT[split]}
      caption={label === null ? name : escapeName(label)}
    />
  );
  if (!onChoose) return tile;
  return (
    <label
      title={name}
      className={cn(
        "relative block cursor-pointer rounded-md has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent",
        chosen && "outline-2 outline-offset-1 outline-accent-solid",
      )}
    >
      <input
        type="checkbox"
        className="absolute inset-0 z-20 size-full cursor-pointer opacity-0"
        checked={chosen}
        onChange={({ target }) => onChoose(target.checked)}
      />
      <span
        aria-hidden
        className={cn(
          "absolute top-1.5 left-1.5 z-10 grid size-5 place-items-center rounded-sm border",
          chosen ? "border-accent-solid bg-accent-solid text-on-solid" : "border-control bg-canvas/85",
        )}
      >
        {chosen ? <Check strokeWidth={3} className="size-3.5" /> : null}
      </span>
      {tile}
    </label>
  );
}
