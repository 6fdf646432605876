"use client";

import { useTranslations } from "next-intl";
import { useId } from "react";
import { Button } from "@/app/_ui/button";
import { Checkbox } from "@/app/_ui/checkbox";
import type { Scope } from "@/lib/domain/scopes";
import { PRESETS, presetOf, SCOPE_GROUPS } from "./scopes";

/** What the key may do: presets, and below them every scope by what it is about, each with what it means. */
export function ScopeFields({
  chosen,
  choose,
}: {
  chosen: ReadonlySet<Scope>;
  choose: (scopes: ReadonlySet<Scope>) => void;
}) {
  const t = useTranslations("keys");
  const id = useId();
  const current = presetOf(chosen);

  function toggle(scope: Scope, on: boolean): void {
    const next = new Set(chosen);
    if (on) next.add(scope);
    else next.delete(scope);
    choose(next);
  }

  return (
    <fieldset className="grid gap-3">
      <legend className="mb-1.5 text-sm font-medium">{t("scopes")}</legend>
      <div role="group" aria-label={t("presetsLabel")} className="flex flex-wrap gap-1.5">
        {PRESETS.map(({ preset, scopes }) => (
          <Button
            key={preset}
            size="sm"
            aria-pressed={current === preset}
            className="aria-pressed:border-accent aria-pressed:bg-accent-soft aria-pressed:text-accent"
            onClick={() => choose(new Set(scopes))}
          >
            {t(`presets.${preset}`)}
          </Button>
        ))}
      </div>
      <div className="rounded-lg border border-line">
        {SCOPE_GROUPS.map(({ group, scopes }) => (
          <div
            key={group}
            role="group"
            aria-labelledby={`${id}-${group}`}
            className="grid gap-x-4 gap-y-2 px-3 py-2.5 not-first:border-t not-first:border-line sm:grid-cols-[7rem_minmax(0,1fr)]"
          >
            <span id={`${id}-${group}`} className="text-sm font-medium">
              {t(`groups.${group}`)}
            </span>
            <div className="grid gap-2">
              {scopes.map((scope) => (
                <label key={scope} className="flex cursor-pointer items-start gap-2.5 text-sm">
                  <Checkbox
                    checked={chosen.has(scope)}
                    onCheckedChange={(on) => toggle(scope, on === true)}
                    className="mt-0.5"
                  />
                  <span className="flex min-w-0 grow flex-wrap items-baseline justify-between gap-x-3">
                    <span>{t(`means.${scope}`)}</span>
                    <code className="font-mono text-xs text-muted">{scope}</code>
                  </span>
                </label>
              ))}
            </div>
          </div>
        ))}
      </div>
      <p className="text-sm text-muted">{t("scopesNever")}</p>
    </fieldset>
  );
}
