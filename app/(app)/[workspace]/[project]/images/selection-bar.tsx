"use client";

import { Tag, Trash2, Waypoints, X } from "lucide-react";
import { useTranslations } from "next-intl";
import { useId, useState, type FormEvent } from "react";
import { Button } from "@/app/_ui/button";
import { Dialog, DialogContent } from "@/app/_ui/dialog";
import { Field } from "@/app/_ui/field";
import { FormFoot } from "@/app/_ui/form-foot";
import { Menu, MenuContent, MenuItem, MenuTrigger } from "@/app/_ui/menu";
import { SPLIT_NAMES, type SplitName } from "@/lib/domain/splits";
import { SplitDot } from "../_images/image-tile";
import { ClassInput } from "./class-input";
import { RemoveDialog } from "./remove-dialog";

export interface Change {
  /** null takes the class away. */
  label?: string | null;
  split?: SplitName;
}

interface Props {
  count: number;
  classes: readonly string[];
  /** Whether images have a class here. */
  labels: boolean;
  pending: boolean;
  /** Answers what was wrong with it, null when it was done. */
  change: (change: Change) => Promise<string | null>;
  /** The same for moving them to Trash; null for who may not. */
  remove: ((note: string) => Promise<string | null>) | null;
  clear: () => void;
}

/** What can be done with the images chosen; it stays in sight at the foot of the page. */
export function SelectionBar({ count, classes, labels, pending, change, remove, clear }: Props) {
  const t = useTranslations("images");
  const common = useTranslations("common");
  const [asking, setAsking] = useState<"class" | "removal" | null>(null);
  const close = () => setAsking(null);
  return (
    <div
      role="region"
      aria-label={t("selection")}
      className="sticky bottom-3 z-20 mx-auto flex w-fit max-w-full flex-wrap items-center gap-x-2 gap-y-1 rounded-lg border border-line bg-raised px-3 py-2 shadow-raised"
    >
      <span role="status" className="mr-1 font-medium max-sm:grow">
        {t("selected", { count })}
      </span>
      {labels ? (
        <Button className="max-sm:order-2 max-sm:grow" onClick={() => setAsking("class")} pending={pending}>
          <Tag aria-hidden />
          {t("setClass")}
        </Button>
      ) : null}
      <Menu>
        <MenuTrigger asChild>
          <Button className="max-sm:order-2 max-sm:grow" pending={pending}>
            <Waypoints aria-hidden />
            {t("setSplit")}
          </Button>
        </MenuTrigger>
        <MenuContent side="top">
          {SPLIT_NAMES.map((split) => (
            <MenuItem key={split} onSelect={() => void change({ split })}>
              <SplitDot split={split} />
              {common(`splits.${split}`)}
            </MenuItem>
          ))}
        </MenuContent>
      </Menu>
      {remove ? (
        <Button className="max-sm:order-2 max-sm:grow" onClick={() => setAsking("removal")} pending={pending}>
          <Trash2 aria-hidden />
          {t("remove")}
        </Button>
      ) : null}
      <Button variant="ghost" className="max-sm:order-1" onClick={clear}>
        <X aria-hidden />
        {t("clearSelection")}
      </Button>
      {asking === "class" ? <ClassDialog count={count} classes={classes} change={change} onClose={close} /> : null}
      {asking === "removal" && remove ? <RemoveDialog count={count} remove={remove} onClose={close} /> : null}
    </div>
  );
}

function ClassDialog({
  count,
  classes,
  change,
  onClose,
}: Pick<Props, "count" | "classes" | "change"> & { onClose: () => void }) {
  const t = useTranslations("images");
  const form = useId();
  const [label, setLabel] = useState("");
  const [error, setError] = useState<string | null>(null);
  const [pending, setPending] = useState(false);

  async function send(to: string | null): Promise<void> {
    if (pending) return;
    setPending(true);
    const problem = await change({ label: to });
    setPending(false);
    if (problem === null) onClose();
    else setError(problem);
  }
  function submit(event: FormEvent): void {
    event.preventDefault();
    if (label.trim() !== "") void send(label);
  }

  return (
    <Dialog open onOpenChange={(open) => (open ? undefined : onClose())}>
      <DialogContent
        title={t("setClassOf", { count })}
        description={t("setClassText")}
        foot={
          <>
            <Button variant="ghost" className="mr-auto" onClick={() => void send(null)} pending={pending}>
              {t("removeClass")}
            </Button>
            <FormFoot form={form} pending={pending} disabled={label.trim() === "" ? t("classMissing") : false}>
              {t("setClass")}
            </FormFoot>
          </>
        }
      >
        <form id={form} onSubmit={submit}>
          <Field label={t("class")} error={error}>
            {(control) => (
              <ClassInput
                {...control}
                classes={classes}
                value={label}
                onChange={({ target }) => setLabel(target.value)}
                data-focus-first
              />
            )}
          </Field>
        </form>
      </DialogContent>
    </Dialog>
  );
}
