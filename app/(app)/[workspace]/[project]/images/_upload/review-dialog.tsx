"use client";

import { useFormatter, useLocale, useTranslations } from "next-intl";
import { useId, useMemo, useState, type FormEvent } from "react";
import { Button } from "@/app/_ui/button";
import { Callout } from "@/app/_ui/callout";
import { Checkbox } from "@/app/_ui/checkbox";
import { Dialog, DialogClose, DialogContent } from "@/app/_ui/dialog";
import { Field } from "@/app/_ui/field";
import { formatBytes } from "@/app/_ui/number";
import { Progress } from "@/app/_ui/progress";
import { Select } from "@/app/_ui/select";
import { SPLIT_NAMES, type SplitName } from "@/lib/domain/splits";
import { SplitDot } from "../../_images/image-tile";
import { ClassInput } from "../class-input";
import type { Intake } from "@/lib/work/uploads/intake";
import { LeftOut } from "./left-out";
import { place, readFolders, type Placing } from "@/lib/work/uploads/placing";
import { NAME_ENCODINGS, type NameEncoding } from "@/lib/work/uploads/zip-names";

interface Props {
  /** null while it is being read. */
  intake: Intake | null;
  /** Whether images have a class here, or boxes. */
  labels: boolean;
  classes: readonly string[];
  imageMegabytes: number;
  /** Names in zips that are not in Unicode shall be read otherwise. */
  onEncoding: (encoding: NameEncoding) => void;
  onUpload: (intake: Intake, placing: Placing) => void;
  onClose: () => void;
}

/** What was chosen, and where it shall go; nothing is sent before this is confirmed. */
export function ReviewDialog({ intake, onClose, ...rest }: Props) {
  const t = useTranslations("images.upload");
  return (
    <Dialog open onOpenChange={(open) => (open ? undefined : onClose())}>
      {intake ? (
        <Review intake={intake} {...rest} />
      ) : (
        <DialogContent title={t("reading")} description={t("readingText")}>
          <Progress value={null} label={t("reading")} />
        </DialogContent>
      )}
    </Dialog>
  );
}

const CHOICES = ["folders", "auto", ...SPLIT_NAMES] as const;
const CLASSES_SHOWN = 8;

function Review({
  intake: chosen,
  labels,
  classes,
  imageMegabytes,
  onEncoding,
  onUpload,
}: Omit<Props, "intake" | "onClose"> & { intake: Intake }) {
  const t = useTranslations("images.upload");
  const images = useTranslations("images");
  const common = useTranslations("common");
  const locale = useLocale();
  const format = useFormatter();
  const form = useId();
  // Classes have no use for annotation files, which hold boxes.
  const intake = useMemo(() => (labels ? { ...chosen, annotations: [] } : chosen), [chosen, labels]);
  const found = useMemo(() => readAll(intake), [intake]);
  const [split, setSplit] = useState<Placing["split"]>(found.splits > 0 ? "folders" : "auto");
  const [classesFromFolders, setClassesFromFolders] = useState(labels);
  const [label, setLabel] = useState("");
  const placing = useMemo(
    () => ({ split, classesFromFolders: labels && classesFromFolders, label }),
    [split, labels, classesFromFolders, label],
  );
  const counts = useMemo(() => countSplits(intake, placing.split), [intake, placing.split]);
  const bytes = useMemo(() => intake.images.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0), [intake]);

  const files = intake.images.length + intake.annotations.length;
  const names = [...found.classes].sort(new Intl.Collator("en", { numeric: true }).compare);
  const others = classesFromFolders ? found.withoutClass : intake.images.length;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (files > 0) onUpload(intake, placing);
  };
  const facts = [
    t("images", { count: intake.images.length, size: formatBytes(locale, bytes) }),
    ...(intake.annotations.length > 0 ? [t("annotationFiles", { count: intake.annotations.length })] : []),
  ];
  return (
    <DialogContent
      wide
      keep
      title={files > 0 ? t("title") : t("nothing")}
      description={files > 0 ? format.list(facts) : t("nothingText")}
      foot={
        <>
          <DialogClose asChild>
            <Button>{files > 0 ? common("cancel") : common("close")}</Button>
          </DialogClose>
          {files > 0 ? (
            <Button type="submit" form={form} variant="primary" data-focus-first>
              {intake.images.length > 0
                ? t("act", { count: intake.images.length })
                : t("actAnnotations", { count: intake.annotations.length })}
            </Button>
          ) : null}
        </>
      }
    >
      {intake.encoding === null ? null : (
        <Field label={t("encoding")} description={t("encodingHint", { name: oddName(intake) })}>
          {(control) => (
            <Select
              {...control}
              className="justify-self-start"
              value={intake.encoding ?? ""}
              onChange={({ target }) => {
                const encoding = NAME_ENCODINGS.find((one) => one === target.value);
                if (encoding) onEncoding(encoding);
              }}
            >
              {NAME_ENCODINGS.map((one) => (
                <option key={one} value={one}>
                  {t(`encodings.${one}`)}
                </option>
              ))}
            </Select>
          )}
        </Field>
      )}
      {intake.images.length > 0 ? (
        <form id={form} onSubmit={submit} className="grid gap-5">
          {labels ? (
            <fieldset className="grid gap-3">
              <legend className="mb-2 font-medium">{t("classes")}</legend>
              {names.length > 0 ? (
                <label className="flex items-start gap-2.5">
                  <Checkbox
                    className="mt-0.5"
                    checked={classesFromFolders}
                    onCheckedChange={(checked) => setClassesFromFolders(checked === true)}
                  />
                  <span className="grid">
                    <span>{t("fromFolders")}</span>
                    <span className="text-sm text-muted">
                      {t("foundClasses", {
                        count: names.length,
                        names: format.list([
                          ...names.slice(0, CLASSES_SHOWN),
                          ...(names.length > CLASSES_SHOWN
                            ? [t("moreClasses", { count: names.length - CLASSES_SHOWN })]
                            : []),
                        ]),
                      })}
                    </span>
                  </span>
                </label>
              ) : null}
              {others > 0 ? (
                <Field
                  label={others === intake.images.length ? t("classOfAll") : t("classOfOthers", { count: others })}
                >
                  {(control) => (
                    <ClassInput
                      {...control}
                      className="max-w-72"
                      classes={classes}
                      value={label}
                      placeholder={images("unlabelled")}
                      onChange={({ target }) => setLabel(target.value)}
                    />
                  )}
                </Field>
              ) : null}
            </fieldset>
          ) : null}
          <Field label={images("split")}>
            {(control) => (
              <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
                <Select
                  {...control}
                  value={split}
                  onChange={({ target }) => setSplit(CHOICES.find((choice) => choice === target.value) ?? "auto")}
                >
                  {CHOICES.map((choice) =>
                    choice === "folders" && found.splits === 0 ? null : (
                      <option key={choice} value={choice}>
                        {choice === "folders" || choice === "auto" ? t(`splits.${choice}`) : common(`splits.${choice}`)}
                      </option>
                    ),
                  )}
                </Select>
                <span className="flex flex-wrap gap-x-3 text-sm text-muted">
                  {SPLIT_NAMES.map((name) => (
                    <span key={name} className="flex items-center gap-1.5">
                      <SplitDot split={name} />
                      {t("splitCount", { split: common(`splits.${name}`), count: counts[name] })}
                    </span>
                  ))}
                </span>
              </div>
            )}
          </Field>
          {!labels && intake.annotations.length === 0 ? <Callout>{t("boxesHint")}</Callout> : null}
        </form>
      ) : (
        <form id={form} onSubmit={submit} className="hidden" />
      )}
      {labels && chosen.annotations.length > 0 ? (
        <Callout>{t("annotationsUnused", { count: chosen.annotations.length })}</Callout>
      ) : null}
      {intake.refused.length > 0 ? (
        <div className="grid gap-2">
          <p className="font-medium">{t("leftOut", { count: intake.refused.length })}</p>
          <LeftOut
            label={t("leftOutLabel")}
            files={intake.refused.map(({ path, reason }) => ({ path, reason: { code: reason } }))}
            imageMegabytes={imageMegabytes}
          />
        </div>
      ) : null}
    </DialogContent>
  );
}

/** One of the names that were read so, for a person to judge by. */
const oddName = ({ images, annotations, refused }: Intake): string =>
  [...images, ...annotations, ...refused].find(({ path }) => /[^\u0000-\u007f]/.test(path))?.path ?? "";

/** What the folders, and lists beside them, say of the images. */
function readAll({ images, listed }: Intake): { splits: number; classes: Set<string>; withoutClass: number } {
  const found = { splits: 0, classes: new Set<string>(), withoutClass: 0 };
  for (const { path } of images) {
    const { split, label } = readFolders(path);
    if (split !== null || listed.of(path) !== null) found.splits += 1;
    if (label === null) found.withoutClass += 1;
    else found.classes.add(label);
  }
  return found;
}

function countSplits({ images, listed }: Intake, split: Placing["split"]): Record<SplitName, number> {
  const counts = { train: 0, valid: 0, test: 0 };
  for (const { path } of images)
    counts[place(path, { split, classesFromFolders: false, label: "" }, listed.of(path)).split] += 1;
  return counts;
}
