"use client";

import { useTranslations } from "next-intl";
import { RadioGroup } from "radix-ui";
import { useId, type ReactNode } from "react";
import { Button } from "@/app/_ui/button";
import { SPLIT_NAMES } from "@/lib/domain/splits";
import { moveSplit, type Splits } from "./draft";
import { NumberField } from "./number-field";

const REBALANCED: Splits = { train: 70, valid: 20, test: 10 };

/** Where the images go: each stays in its split, or they are dealt anew by percents, which are 100 whatever one moves. */
export function SplitFields({
  splits,
  images,
  seed,
  projectSeed,
  error,
  onChange,
  onShuffle,
  onShuffleBack,
}: {
  splits: Splits | null;
  images: Splits;
  /** By which they are dealt. */
  seed: string;
  projectSeed: string;
  error: string | undefined;
  onChange: (splits: Splits | null) => void;
  onShuffle: () => void;
  onShuffleBack: () => void;
}) {
  const [t, common] = [useTranslations("generate"), useTranslations("common")];
  return (
    <div className="grid gap-3">
      <RadioGroup.Root
        aria-label={t("splits")}
        value={splits === null ? "keep" : "rebalance"}
        onValueChange={(value) => onChange(value === "keep" ? null : REBALANCED)}
        className="grid gap-2"
      >
        <Option value="keep" label={t("keepSplits")}>
          {t("splitCounts", { ...images })}
        </Option>
        <Option value="rebalance" label={t("rebalance")}>
          {t("rebalanceHelp")}
        </Option>
      </RadioGroup.Root>
      {splits === null ? null : (
        <div className="grid gap-x-6 gap-y-3 pl-6 sm:grid-cols-3">
          {SPLIT_NAMES.map((split) => (
            <NumberField
              key={split}
              label={common(`splits.${split}`)}
              value={splits[split]}
              min={0}
              max={100}
              unit="percent"
              slider
              onChange={(percent) =>
                onChange(moveSplit(splits, split, Math.min(Math.max(Math.round(percent ?? 0), 0), 100)))
              }
            />
          ))}
        </div>
      )}
      {splits === null ? null : (
        <div className="grid justify-items-start gap-2 pl-6">
          <p role="status" className="text-sm text-muted">
            {t(seed === projectSeed ? "dealtAsBefore" : "shuffled", { seed })}
          </p>
          <div className="flex flex-wrap gap-2">
            <Button size="sm" onClick={onShuffle}>
              {t("shuffle")}
            </Button>
            {seed === projectSeed ? null : (
              <Button size="sm" onClick={onShuffleBack}>
                {t("shuffleBack", { seed: projectSeed })}
              </Button>
            )}
          </div>
        </div>
      )}
      <div aria-live="polite" className="empty:hidden">
        {error ? <p className="text-sm text-danger">{error}</p> : null}
      </div>
    </div>
  );
}

function Option({ value, label, children }: { value: string; label: string; children: ReactNode }) {
  const id = useId();
  return (
    <div className="flex items-start gap-2">
      <RadioGroup.Item
        id={id}
        value={value}
        aria-describedby={`${id}-text`}
        className="relative mt-0.5 inline-flex size-4 shrink-0 items-center justify-center rounded-full border border-control bg-canvas after:absolute after:-inset-2 data-[state=checked]:border-[5px] data-[state=checked]:border-accent-solid"
      />
      <div className="grid">
        <label htmlFor={id} className="w-fit cursor-pointer">
          {label}
        </label>
        <p id={`${id}-text`} className="text-sm text-muted">
          {children}
        </p>
      </div>
    </div>
  );
}
