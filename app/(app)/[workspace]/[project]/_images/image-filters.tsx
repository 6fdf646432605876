"use client";

import { useTranslations } from "next-intl";
import { useSearchParams } from "next/navigation";
import { Button } from "@/app/_ui/button";
import { Select } from "@/app/_ui/select";
import { SPLIT_NAMES, type SplitName } from "@/lib/domain/splits";

/** Which images of a grid are wanted; as it stands in the URL. */
export interface ImageFilter {
  split: SplitName | null;
  label: string | null;
  /** Those without a class and without a box. */
  unlabelled: boolean;
  /** Only source images have these. */
  tag: string | null;
  batch: string | null;
}

const NO_FILTER: ImageFilter = { split: null, label: null, unlabelled: false, tag: null, batch: null };

export const isFiltered = ({ split, label, unlabelled, tag, batch }: ImageFilter): boolean =>
  split !== null || label !== null || unlabelled || tag !== null || batch !== null;

const readFilter = (params: Pick<URLSearchParams, "get">): ImageFilter => ({
  split: SPLIT_NAMES.find((split) => split === params.get("split")) ?? null,
  label: params.get("class"),
  unlabelled: params.get("class") === null && params.get("unlabelled") === "1",
  tag: params.get("tag"),
  batch: params.get("batch"),
});

/** The filter that the URL holds, and a way to change it. The server need not render the page again for it. */
export function useImageFilter(): {
  filter: ImageFilter;
  change: (changes: Partial<ImageFilter>) => void;
  clear: () => void;
} {
  const filter = readFilter(useSearchParams() ?? new URLSearchParams()); // null only under pages/, which shares the type

  function change(changes: Partial<ImageFilter>): void {
    const next = new URLSearchParams(window.location.search); // what was rendered may be a change behind
    const { split, label, unlabelled, tag, batch } = { ...readFilter(next), ...changes };
    for (const [key, value] of [
      ["split", split],
      ["class", label],
      ["unlabelled", unlabelled ? "1" : null],
      ["tag", tag],
      ["batch", batch],
    ] as const) {
      if (value === null) next.delete(key);
      else next.set(key, value);
    }
    window.history.replaceState(null, "", next.size > 0 ? `?${next}` : window.location.pathname);
  }

  return { filter, change, clear: () => change(NO_FILTER) };
}

interface Props {
  classes: readonly string[];
  filter: ImageFilter;
  change: (changes: Partial<ImageFilter>) => void;
  clear: () => void;
  /** What the choice of the images without a class is called; none without it. */
  unlabelledLabel?: string;
  /** Of source images; where there are none, there is nothing to choose. */
  tags?: readonly string[];
  batches?: readonly string[];
}

// No class can be called so: names are trimmed, and not empty.
const EVERY = "";
const UNLABELLED = " ";

/** By split, by class, and source images by tag and batch. */
export function ImageFilters({ classes, filter, change, clear, unlabelledLabel, tags = [], batches = [] }: Props) {
  const t = useTranslations("imageFilters");
  const common = useTranslations("common");
  const { split, label, unlabelled } = filter;
  return (
    <>
      <Select
        aria-label={t("split")}
        value={split ?? ""}
        onChange={({ target }) => change({ split: SPLIT_NAMES.find((known) => known === target.value) ?? null })}
      >
        <option value="">{t("everySplit")}</option>
        {SPLIT_NAMES.map((known) => (
          <option key={known} value={known}>
            {common(`splits.${known}`)}
          </option>
        ))}
      </Select>
      {classes.length > 0 || label !== null || unlabelledLabel !== undefined ? (
        <Select
          aria-label={t("class")}
          value={unlabelled ? UNLABELLED : (label ?? EVERY)}
          onChange={({ target: { value } }) =>
            change({ label: value === EVERY || value === UNLABELLED ? null : value, unlabelled: value === UNLABELLED })
          }
          className="max-w-60"
        >
          <option value={EVERY}>{t("everyClass")}</option>
          {unlabelledLabel === undefined ? null : <option value={UNLABELLED}>{unlabelledLabel}</option>}
          {(label === null || classes.includes(label) ? classes : [label, ...classes]).map((known) => (
            <option key={known} value={known}>
              {known}
            </option>
          ))}
        </Select>
      ) : null}
      <OneOf label={t("tag")} every={t("everyTag")} names={tags} value={filter.tag} choose={(tag) => change({ tag })} />
      <OneOf
        label={t("batch")}
        every={t("everyBatch")}
        names={batches}
        value={filter.batch}
        choose={(batch) => change({ batch })}
      />
      {isFiltered(filter) ? (
        <Button variant="ghost" onClick={clear}>
          {t("clear")}
        </Button>
      ) : null}
    </>
  );
}

/** One of the names, or all; nothing where there are none. */
function OneOf({
  label,
  every,
  names,
  value,
  choose,
}: {
  label: string;
  every: string;
  names: readonly string[];
  value: string | null;
  choose: (name: string | null) => void;
}) {
  if (names.length === 0 && value === null) return null;
  return (
    <Select
      aria-label={label}
      value={value ?? EVERY}
      onChange={({ target }) => choose(target.value === EVERY ? null : target.value)}
      className="max-w-60"
    >
      <option value={EVERY}>{every}</option>
      {(value === null || names.includes(value) ? names : [value, ...names]).map((known) => (
        <option key={known} value={known}>
          {known}
        </option>
      ))}
    </Select>
  );
}
