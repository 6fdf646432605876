"use client";

import { Plus } from "lucide-react";
import { useTranslations } from "next-intl";
import { useId, useRef, type ReactNode } from "react";
import { Button } from "@/app/_ui/button";
import { Menu, MenuContent, MenuItem, MenuTrigger } from "@/app/_ui/menu";
import { initialValues, type Values } from "./draft";
import { StepCard } from "./step-card";
import { StepControls } from "./step-controls";
import type { Step, StepKey } from "./steps";

interface Props<Key extends StepKey> {
  part: "preprocessing" | "augmentation";
  /** All steps that there are, in the order in which they are done. */
  steps: readonly (Step & { key: Key })[];
  chosen: Readonly<Partial<Record<Key, Values>>>;
  /** What an empty list says. */
  none: string;
  errorAt: (path: string) => string | undefined;
  onChange: (chosen: Readonly<Partial<Record<Key, Values>>>) => void;
  /** In place of controls, for a step whose controls are not in the table. */
  special?: Partial<Record<Key, ReactNode>>;
}

/** The chosen steps of one kind, and the menu of those that can be added. */
export function StepList<Key extends StepKey>({
  part,
  steps,
  chosen,
  none,
  errorAt,
  onChange,
  special = {},
}: Props<Key>) {
  const t = useTranslations("generate");
  const id = useId();
  const added = useRef<Key | null>(null);
  const shown = steps.filter(({ key }) => chosen[key] !== undefined);
  const left = steps.filter(({ key }) => chosen[key] === undefined);
  // Said of any step, so that the messages' types need not know which steps this list is of.
  const titleOf = (key: StepKey) => t(`steps.${key}.title`);
  const helpOf = (key: StepKey) => t(`steps.${key}.help`);
  const headingOf = (key: Key) => `${id}-${key}`;

  function remove(key: Key): void {
    const rest = { ...chosen };
    delete rest[key];
    onChange(rest);
    document.getElementById(`${id}-add`)?.focus(); // its own button goes with it
  }

  return (
    <div className="grid justify-items-start gap-3">
      {shown.length === 0 ? (
        <p className="text-muted">{none}</p>
      ) : (
        <ul aria-label={t(part)} className="w-full divide-y divide-line rounded-lg border border-line">
          {shown.map((step) => {
            const { key } = step;
            const path = `${part}.${key}`;
            return (
              <StepCard
                key={key}
                id={headingOf(key)}
                title={titleOf(key)}
                help={helpOf(key)}
                error={errorAt(path)}
                onRemove={() => remove(key)}
              >
                {special[key] ??
                  (step.controls.length > 0 ? (
                    <StepControls
                      step={step}
                      path={path}
                      values={chosen[key]!}
                      errorAt={errorAt}
                      onChange={(values) => onChange({ ...chosen, [key]: values })}
                    />
                  ) : null)}
              </StepCard>
            );
          })}
        </ul>
      )}
      {left.length > 0 ? (
        <Menu>
          <MenuTrigger asChild>
            <Button id={`${id}-add`} aria-label={t(part === "preprocessing" ? "addPreprocessing" : "addAugmentation")}>
              <Plus aria-hidden />
              {t("addStep")}
            </Button>
          </MenuTrigger>
          <MenuContent
            className="w-80"
            onCloseAutoFocus={(event) => {
              if (added.current === null) return;
              event.preventDefault();
              document.getElementById(headingOf(added.current))?.focus();
              added.current = null;
            }}
          >
            {left.map((step) => (
              <MenuItem
                key={step.key}
                onSelect={() => {
                  added.current = step.key;
                  onChange({ ...chosen, [step.key]: initialValues(step) });
                }}
              >
                <span className="grid">
                  {titleOf(step.key)}
                  <span className="text-sm text-muted">{helpOf(step.key)}</span>
                </span>
              </MenuItem>
            ))}
          </MenuContent>
        </Menu>
      ) : null}
    </div>
  );
}
