"use client";

import { useTranslations } from "next-intl";
import { Field } from "@/app/_ui/field";
import { Input } from "@/app/_ui/input";
import type { Unit } from "./steps";

interface Props {
  label: string;
  value: number | null;
  min: number;
  max: number;
  step?: number;
  unit?: Unit;
  /** What is wrong with it. */
  error?: string | undefined;
  /** A slider beside it, for the pointer only: the box does the same for everybody. */
  slider?: boolean;
  name?: string;
  onChange: (value: number | null) => void;
}

const SLIDER =
  "h-1 w-full max-w-40 min-w-12 cursor-pointer appearance-none rounded-full [&::-moz-range-thumb]:size-3.5 [&::-moz-range-thumb]:rounded-full [&::-moz-range-thumb]:border-0 [&::-moz-range-thumb]:bg-accent-solid [&::-webkit-slider-thumb]:size-3.5 [&::-webkit-slider-thumb]:appearance-none [&::-webkit-slider-thumb]:rounded-full [&::-webkit-slider-thumb]:bg-accent-solid";

/** A number with its unit, and a slider for a rough choice. */
export function NumberField({
  label,
  value,
  min,
  max,
  step = 1,
  unit = "none",
  error,
  slider = false,
  name,
  onChange,
}: Props) {
  const t = useTranslations("generate");
  const part = ((Math.min(Math.max(value ?? min, min), max) - min) / (max - min)) * 100;
  return (
    <Field label={label} error={error} quiet>
      {(control) => (
        <div className="flex max-w-64 items-center gap-2.5">
          <span className="relative shrink-0">
            <Input
              {...control}
              name={name}
              type="number"
              inputMode={step === 1 ? "numeric" : "decimal"}
              min={min}
              max={max}
              step={step}
              value={value ?? ""}
              onChange={({ target }) =>
                onChange(target.value === "" || Number.isNaN(target.valueAsNumber) ? null : target.valueAsNumber)
              }
              className="w-24 pr-8 [appearance:textfield] [&::-webkit-inner-spin-button]:appearance-none"
            />
            {unit === "none" ? null : (
              <span className="pointer-events-none absolute inset-y-0 right-2.5 flex items-center text-sm text-muted">
                {t(`units.${unit}`)}
              </span>
            )}
          </span>
          {slider ? (
            <input
              type="range"
              aria-hidden
              tabIndex={-1}
              min={min}
              max={max}
              step={step}
              value={value ?? min}
              onChange={({ target }) => onChange(target.valueAsNumber)}
              className={SLIDER}
              style={{
                background: `linear-gradient(to right, var(--color-accent-solid) ${part}%, var(--color-line) ${part}%)`,
              }}
            />
          ) : null}
        </div>
      )}
    </Field>
  );
}
