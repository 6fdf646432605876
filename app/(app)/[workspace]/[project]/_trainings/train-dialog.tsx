"use client";

import { useTranslations } from "next-intl";
import { useId, useState, useTransition, type FormEvent, type ReactNode } from "react";
import { Callout } from "@/app/_ui/callout";
import { Dialog, DialogContent } from "@/app/_ui/dialog";
import { escapeName } from "@/app/_ui/exact-name";
import { Field } from "@/app/_ui/field";
import { FormFoot } from "@/app/_ui/form-foot";
import { Input } from "@/app/_ui/input";
import type { VersionRef } from "@/lib/domain/item-state";
import type { Untrainable } from "@/lib/domain/trainings";
import { startTrainingAction } from "../_versions/actions";

export interface TrainableVersion extends VersionRef {
  name: string;
  /** Why our own trainer could learn nothing from it. */
  untrainable: Untrainable | null;
}

export interface TrainingDefaults {
  /** What our own trainer makes. */
  modelType: string;
  epochs: number;
  epochsMax: number;
}

interface Props {
  version: TrainableVersion;
  defaults: TrainingDefaults;
  onBegun: (number: number) => void;
  onClose: () => void;
}

/** Who trains, and for how long. Mounted means open. */
export function TrainDialog({ version, defaults, onBegun, onClose }: Props) {
  const t = useTranslations("versions.trainings");
  const form = useId();
  const { name, untrainable, ...ref } = version;
  const [external, setExternal] = useState(untrainable !== null);
  const [modelType, setModelType] = useState("");
  const [epochs, setEpochs] = useState(String(defaults.epochs));
  const [problem, setProblem] = useState<{ field: unknown; message: string } | null>(null);
  const [pending, startTransition] = useTransition();
  const errorAt = (field: string) => (problem?.field === field ? problem.message : undefined);
  const placed = problem?.field === "epochs" || (problem?.field === "modelType" && external);

  function submit(event: FormEvent): void {
    event.preventDefault();
    if (pending) return;
    setProblem(null);
    startTransition(async () => {
      const result = await startTrainingAction({
        ...ref,
        modelType: external ? modelType.trim() : defaults.modelType,
        epochs: epochs.trim() === "" ? 0 : Number(epochs),
      }).catch(() => null);
      if (result?.ok) onBegun(result.data.number);
      else
        setProblem(
          result
            ? { field: result.error.details["field"], message: result.error.message }
            : { field: null, message: t("unreachable") },
        );
    });
  }

  return (
    <Dialog open onOpenChange={(open) => (open ? undefined : onClose())}>
      <DialogContent
        title={t("trainTitle", { name: escapeName(name) })}
        foot={
          <FormFoot form={form} pending={pending}>
            {t("begin")}
          </FormFoot>
        }
      >
        <form id={form} noValidate onSubmit={submit} className="grid gap-5 pt-2">
          {problem && !placed ? (
            <Callout tone="danger" announce>
              {problem.message}
            </Callout>
          ) : null}
          <fieldset className="grid gap-2">
            <legend className="mb-1.5 text-sm font-medium">{t("trainer")}</legend>
            <Choice
              value="embedded"
              checked={!external}
              disabled={untrainable !== null}
              onChoose={() => setExternal(false)}
              title={t.rich("own", {
                modelType: defaults.modelType,
                code: (text) => <code className="font-mono text-sm">{text}</code>,
              })}
            >
              {untrainable === null ? t("ownText") : t(`untrainable.${untrainable}`)}
            </Choice>
            <Choice value="external" checked={external} onChoose={() => setExternal(true)} title={t("external")}>
              {t("externalText")}
            </Choice>
          </fieldset>
          {external ? (
            <Field
              label={t("modelType")}
              description={t.rich("modelTypeHelp", {
                api: (words) => (
                  <a
                    href="/api/openapi.json"
                    target="_blank"
                    rel="noreferrer"
                    className="rounded-sm text-accent underline underline-offset-2"
                  >
                    {words}
                  </a>
                ),
              })}
              error={errorAt("modelType")}
            >
              {(control) => (
                <Input
                  {...control}
                  value={modelType}
                  maxLength={64}
                  autoComplete="off"
                  autoCapitalize="off"
                  spellCheck={false}
                  className="font-mono"
                  onChange={({ target }) => setModelType(target.value)}
                />
              )}
            </Field>
          ) : null}
          <Field
            label={t("epochs")}
            description={t("epochsHelp", { max: defaults.epochsMax })}
            error={errorAt("epochs")}
          >
            {(control) => (
              <Input
                {...control}
                data-focus-first
                type="number"
                inputMode="numeric"
                min={1}
                max={defaults.epochsMax}
                step={1}
                value={epochs}
                onChange={({ target }) => setEpochs(target.value)}
                className="max-w-28"
              />
            )}
          </Field>
        </form>
      </DialogContent>
    </Dialog>
  );
}

function Choice({
  value,
  checked,
  disabled = false,
  onChoose,
  title,
  children,
}: {
  value: string;
  checked: boolean;
  disabled?: boolean;
  onChoose: () => void;
  title: ReactNode;
  children: ReactNode;
}) {
  return (
    <label className="flex items-start gap-2.5 rounded-md border border-line p-3 has-checked:border-accent-solid has-checked:bg-accent-soft has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent">
      <input
        type="radio"
        name="trainer"
        value={value}
        checked={checked}
        disabled={disabled}
        onChange={onChoose}
        className="mt-1 accent-accent-solid outline-none"
      />
      <span className="grid">
        <span className="font-medium">{title}</span>
        <span className="text-sm text-muted">{children}</span>
      </span>
    </label>
  );
}
