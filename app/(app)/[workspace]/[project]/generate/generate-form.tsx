"use client";

import { useTranslations } from "next-intl";
import { useRouter } from "next/navigation";
import { useState, useTransition, type FormEvent, type ReactNode } from "react";
import { Button } from "@/app/_ui/button";
import { Callout } from "@/app/_ui/callout";
import { Field } from "@/app/_ui/field";
import { Input } from "@/app/_ui/input";
import { Skeleton } from "@/app/_ui/skeleton";
import type { PreviewSample } from "@/lib/work/versions/preview";
import { generateVersionAction } from "./actions";
import { drawSeed, findFlaws, initialDraft, OUTPUTS_MAX, toSettings, type Draft, type Facts, type Flaw } from "./draft";
import { NumberField } from "./number-field";
import { Preview } from "./preview";
import { RemapTable } from "./remap-table";
import { SplitFields } from "./split-fields";
import { StepList } from "./step-list";
import { AUGMENTATION, PREPROCESSING } from "./steps";
import { Sum, totalOf, type Estimate } from "./sum";
import { useAnswer, type Refusal } from "./use-answer";
import { WithoutBoxes } from "./without-boxes";

/** A moment after the last key, so that nobody waits for answers that are out of date. */
const ESTIMATE_DELAY_MS = 250;
/** Rendering costs more than counting. */
const PREVIEW_DELAY_MS = 500;

interface Props {
  workspaceSlug: string;
  projectSlug: string;
  facts: Facts;
  classes: readonly string[];
  /** What the version is called without a name. */
  defaultName: string;
}

/** Chooses a version's settings, seeing what they do and what they cost, and has it generated. */
export function GenerateForm({ workspaceSlug, projectSlug, facts, classes, defaultName }: Props) {
  const [t, common] = [useTranslations("generate"), useTranslations("common")];
  const router = useRouter();
  const [draft, setDraft] = useState<Draft>(() => initialDraft(facts));
  const [from, setFrom] = useState("");
  const [attempt, setAttempt] = useState(0);
  const [refused, setRefused] = useState<{ draft: Draft; refusal: Refusal } | null>(null);
  const [pending, startTransition] = useTransition();

  const flaws = findFlaws(draft);
  const settings = flaws.size === 0 ? toSettings(draft) : null;
  const url = `/data/${workspaceSlug}/${projectSlug}`;
  const unreachable = t("unreachable");
  const estimate = useAnswer<Estimate>(`${url}/estimate`, settings, {
    delayMs: ESTIMATE_DELAY_MS,
    attempt,
    unreachable,
  });
  const preview = useAnswer<{ samples: PreviewSample[] }>(`${url}/preview`, settings && { ...settings, from }, {
    delayMs: PREVIEW_DELAY_MS,
    attempt,
    unreachable,
  });

  const refusal = refused?.draft === draft ? refused.refusal : estimate.refusal;
  const again = () => setAttempt(attempt + 1);
  const placed = typeof refusal?.field === "string" && isPlaced(draft, refusal.field);
  const change = (changes: Partial<Draft>) => setDraft({ ...draft, ...changes });
  const say = (flaw: Flaw): string =>
    flaw.kind === "order" || flaw.kind === "none"
      ? t(`flaws.${flaw.kind}`)
      : t(`flaws.${flaw.kind}`, { min: flaw.min, max: flaw.max });
  /** A control's own flaw; or what the server says of it. A refusal of a whole step stands at the step. */
  const errorAt = (path: string): string | undefined => {
    const flaw = flaws.get(path);
    if (flaw) return say(flaw);
    return refusal?.field === path ? refusal.message : undefined;
  };

  const total = estimate.answer ? totalOf(estimate.answer.images) : null;
  const blocked =
    flaws.size > 0
      ? t("fixFirst")
      : total === 0
        ? t("nothingLeft")
        : estimate.answer && total! > estimate.answer.free
          ? t("overQuotaShort")
          : false;

  function submit(event: FormEvent): void {
    event.preventDefault();
    if (blocked !== false || pending || !settings) return;
    startTransition(async () => {
      const name = draft.name.trim();
      const result = await generateVersionAction({
        workspaceSlug,
        projectSlug,
        ...(name === "" ? {} : { name }),
        ...settings,
        keepSeed: settings.seed !== facts.seed,
      }).catch(() => null);
      if (result?.ok) return router.push(`/${workspaceSlug}/${projectSlug}/${result.data.number}`);
      const field = result?.error.details["field"];
      setRefused({
        draft,
        refusal: {
          message: result ? result.error.message : unreachable,
          field: typeof field === "string" ? field : null,
        },
      });
    });
  }

  return (
    <form onSubmit={submit} noValidate className="grid items-start gap-x-10 gap-y-8 lg:grid-cols-[minmax(0,1fr)_24rem]">
      <div className="grid gap-8">
        <Part number={1} title={t("splits")}>
          <SplitFields
            splits={draft.splits}
            images={facts.images}
            seed={draft.seed.trim() || String(facts.seed)}
            projectSeed={String(facts.seed)}
            error={errorAt("splits")}
            onChange={(splits) => change({ splits })}
            onShuffle={() => change({ seed: drawSeed() })}
            onShuffleBack={() => change({ seed: String(facts.seed) })}
          />
        </Part>
        <Part number={2} title={t("preprocessing")} help={t("preprocessingHelp")}>
          {facts.withoutBoxes === 0 ? null : (
            <WithoutBoxes
              count={facts.withoutBoxes}
              chosen={draft.preprocessing}
              onChange={(preprocessing) => change({ preprocessing })}
            />
          )}
          <StepList
            part="preprocessing"
            steps={PREPROCESSING}
            chosen={draft.preprocessing}
            none={t("noPreprocessing")}
            errorAt={errorAt}
            onChange={(preprocessing) => change({ preprocessing })}
            special={{
              remap: (
                <RemapTable classes={classes} renamed={draft.renamed} onChange={(renamed) => change({ renamed })} />
              ),
            }}
          />
        </Part>
        <Part number={3} title={t("augmentation")} help={t("augmentationHelp")}>
          {Object.keys(draft.augmentation).length === 0 ? null : (
            <NumberField
              label={t("outputs")}
              value={draft.outputs}
              min={1}
              max={OUTPUTS_MAX}
              slider
              error={errorAt("augmentation.image.versions")}
              onChange={(outputs) => change({ outputs })}
            />
          )}
          <StepList
            part="augmentation"
            steps={AUGMENTATION}
            chosen={draft.augmentation}
            none={t("noAugmentation")}
            errorAt={errorAt}
            onChange={(augmentation) => change({ augmentation })}
          />
        </Part>
        <details>
          <summary className="w-fit cursor-pointer rounded-sm text-sm text-muted">{t("advanced")}</summary>
          <div className="mt-3 max-w-xs">
            <Field label={t("seed")} description={t("seedHelp")} error={errorAt("seed")}>
              {(control) => (
                <Input
                  {...control}
                  value={draft.seed}
                  inputMode="numeric"
                  autoComplete="off"
                  placeholder={String(facts.seed)}
                  onChange={({ target }) => change({ seed: target.value })}
                />
              )}
            </Field>
          </div>
        </details>
      </div>

      <div className="grid gap-6 lg:sticky lg:top-6 lg:max-h-[calc(100dvh-3rem)] lg:overflow-y-auto lg:pr-1">
        <Preview
          samples={preview.answer?.samples ?? null}
          sourcesUrl={`${url}/images`}
          classes={[...classes, ...Object.values(draft.renamed)]}
          current={preview.current || settings === null}
          problem={estimate.refusal === null ? (preview.refusal?.message ?? null) : null}
          onRetry={again}
          onShuffle={() => setFrom(anywhere())}
        />
        <section
          aria-label={t("version")}
          className="grid gap-4 rounded-lg border border-line bg-raised p-4 lg:order-first"
        >
          <Field label={t("name")} error={errorAt("name")}>
            {(control) => (
              <Input
                {...control}
                value={draft.name}
                placeholder={defaultName}
                maxLength={200}
                autoComplete="off"
                onChange={({ target }) => change({ name: target.value })}
              />
            )}
          </Field>
          {estimate.answer ? (
            <Sum
              estimate={estimate.answer}
              current={estimate.current && flaws.size === 0}
              workspaceSlug={workspaceSlug}
            />
          ) : (
            <Skeleton className="h-20" />
          )}
          {refusal && !placed ? (
            <Callout
              tone="danger"
              announce
              action={
                <Button size="sm" onClick={again}>
                  {common("tryAgain")}
                </Button>
              }
            >
              {refusal.message}
            </Callout>
          ) : null}
          <Button type="submit" variant="primary" pending={pending} disabled={blocked} className="w-full">
            {t("generate")}
          </Button>
        </section>
      </div>
    </form>
  );
}

/** Some place among the project's images, which are in the order of their hashes. */
const anywhere = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(4)), (byte) => byte.toString(16).padStart(2, "0")).join("");

/** Whether there is a control, or a step, at which a refusal of this field is shown. */
function isPlaced({ preprocessing, augmentation }: Draft, field: string): boolean {
  if (["name", "seed", "splits", "augmentation.image.versions"].includes(field)) return true;
  return [
    { part: "preprocessing", steps: PREPROCESSING, chosen: new Set(Object.keys(preprocessing)) },
    { part: "augmentation", steps: AUGMENTATION, chosen: new Set(Object.keys(augmentation)) },
  ].some(({ part, steps, chosen }) =>
    steps.some(
      ({ key, controls }) =>
        chosen.has(key) &&
        [`${part}.${key}`, ...controls.map((control) => `${part}.${key}.${control.key}`)].includes(field),
    ),
  );
}

function Part({
  number,
  title,
  help,
  children,
}: {
  number: number;
  title: string;
  help?: string;
  children: ReactNode;
}) {
  const id = `part-${number}`;
  return (
    <section aria-labelledby={id} className="grid gap-3">
      <div className="grid gap-0.5">
        <h2 id={id} className="flex items-baseline gap-2 font-semibold">
          <span aria-hidden className="text-sm font-normal text-muted">
            {number}
          </span>
          {title}
        </h2>
        {help === undefined ? null : <p className="text-sm text-muted">{help}</p>}
      </div>
      {children}
    </section>
  );
}
