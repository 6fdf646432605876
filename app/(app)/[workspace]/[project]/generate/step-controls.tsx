"use client";

import { useTranslations } from "next-intl";
import { Checkbox } from "@/app/_ui/checkbox";
import { Field } from "@/app/_ui/field";
import { Select } from "@/app/_ui/select";
import type { Values } from "./draft";
import { NumberField } from "./number-field";
import type { Step } from "./steps";

interface Props {
  step: Step;
  /** Where the step stands: "preprocessing.resize". */
  path: string;
  values: Values;
  /** What is wrong with a control, by its path. */
  errorAt: (path: string) => string | undefined;
  onChange: (values: Values) => void;
}

/** The controls of a step, as the table of steps describes them. */
export function StepControls({ step, path, values, errorAt, onChange }: Props) {
  const t = useTranslations("generate");
  const set = (key: string, value: Values[string]) => onChange({ ...values, [key]: value });
  return (
    <div className="flex flex-wrap items-start gap-x-6 gap-y-3">
      {step.controls.map((control) => {
        const value = values[control.key];
        switch (control.kind) {
          case "number":
            return (
              <NumberField
                key={control.key}
                label={t(`controls.${control.label}`)}
                value={typeof value === "number" ? value : null}
                min={control.min}
                max={control.max}
                step={control.step}
                unit={control.unit}
                slider={control.max <= 180}
                error={errorAt(`${path}.${control.key}`)}
                onChange={(next) => set(control.key, next)}
              />
            );
          case "flag":
            return (
              <label key={control.key} className="flex min-h-8 items-center gap-2 self-end pointer-coarse:min-h-10">
                <Checkbox checked={value === true} onCheckedChange={(next) => set(control.key, next === true)} />
                {t(`controls.${control.label}`)}
              </label>
            );
          case "choice":
            return (
              <Choice
                key={control.key}
                label={t(`controls.${control.label}`)}
                value={String(value)}
                options={control.options.map((option) => ({ value: option.value, text: t(`options.${option.label}`) }))}
                onChange={(next) => set(control.key, next)}
              />
            );
        }
      })}
    </div>
  );
}

function Choice({
  label,
  value,
  options,
  onChange,
}: {
  label: string;
  value: string;
  options: readonly { value: string; text: string }[];
  onChange: (value: string) => void;
}) {
  return (
    <Field label={label} quiet>
      {(control) => (
        <Select {...control} value={value} onChange={({ target }) => onChange(target.value)}>
          {options.map((option) => (
            <option key={option.value} value={option.value}>
              {option.text}
            </option>
          ))}
        </Select>
      )}
    </Field>
  );
}
