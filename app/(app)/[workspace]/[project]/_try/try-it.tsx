"use client";

import { Images, Upload } from "lucide-react";
import { useTranslations } from "next-intl";
import { useCallback, useEffect, useId, useRef, useState, useTransition } from "react";
import { Button } from "@/app/_ui/button";
import { ChooseFile, FileDrop } from "@/app/_ui/file-drop";
import { cn } from "@/app/_ui/class-names";
import { Field } from "@/app/_ui/field";
import { Select } from "@/app/_ui/select";
import { ACCEPTED_IMAGES } from "@/lib/work/uploads/placing";
import { Answer } from "./answer";
import { DrawingPad } from "./drawing-pad";
import { usePrediction } from "./use-prediction";
import { findSample, isDark } from "./version-samples";

const WAYS = ["image", "draw"] as const;

interface Props {
  /** Of the version, under /data. */
  url: string;
  /** Of its project, under /data. */
  projectUrl: string;
  workspaceSlug: string;
  /** At least one. */
  models: readonly { slug: string; isDefault: boolean }[];
}

interface Subject {
  image: Blob;
  /** The class that somebody gave it, where that is known. */
  label: string | null;
}

/** Shows a model an image, or a drawing, and what it makes of it. */
export function TryIt({ url, projectUrl, workspaceSlug, models }: Props) {
  const t = useTranslations("tryIt");
  const name = useId();
  const [chosen, setChosen] = useState<string | null>(null);
  const [way, setWay] = useState<(typeof WAYS)[number]>("image");
  const [subject, setSubject] = useState<Subject | null>(null);
  const model = (models.find(({ slug }) => slug === chosen) ?? models.find(({ isDefault }) => isDefault) ?? models[0]!)
    .slug;
  const asked = usePrediction(url, model, subject?.image ?? null, t("unreachable"));
  const lightOnDark = useLightOnDark(url, way === "draw");
  const take = (image: Blob) => setSubject({ image, label: null });
  usePaste((image) => {
    setWay("image");
    take(image);
  });

  return (
    <div className="grid gap-x-8 gap-y-5 rounded-lg border border-line p-4 sm:grid-cols-2">
      <div className="grid content-start gap-4">
        {models.length > 1 ? (
          <Field label={t("model")}>
            {(control) => (
              <Select {...control} value={model} onChange={({ target }) => setChosen(target.value)}>
                {models.map(({ slug, isDefault }) => (
                  <option key={slug} value={slug}>
                    {isDefault ? t("defaultModel", { model: slug }) : slug}
                  </option>
                ))}
              </Select>
            )}
          </Field>
        ) : null}
        <fieldset>
          <legend className="sr-only">{t("way")}</legend>
          <div className="inline-flex rounded-md border border-line p-0.5">
            {WAYS.map((value) => (
              <label
                key={value}
                className={cn(
                  "flex h-7 cursor-pointer items-center rounded-sm px-3 text-sm has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent pointer-coarse:h-9",
                  value === way ? "bg-hover font-medium" : "text-muted",
                )}
              >
                <input
                  type="radio"
                  name={name}
                  checked={value === way}
                  onChange={() => {
                    setWay(value);
                    setSubject(null);
                  }}
                  className="sr-only"
                />
                {t(`ways.${value}`)}
              </label>
            ))}
          </div>
        </fieldset>
        {way === "image" ? (
          <ImageChoice url={url} projectUrl={projectUrl} subject={subject} onChoose={setSubject} />
        ) : lightOnDark === null ? null : (
          <DrawingPad lightOnDark={lightOnDark} onDrawn={(image) => (image ? take(image) : setSubject(null))} />
        )}
      </div>
      <div className="grid min-h-40 content-start gap-3">
        <Answer workspaceSlug={workspaceSlug} image={subject?.image ?? null} {...asked} />
        {subject?.label && asked.answer && "top" in asked.answer && !asked.pending ? (
          <p className="text-sm text-muted">
            {t(subject.label === asked.answer.top ? "right" : "wrong", { label: subject.label })}
          </p>
        ) : null}
      </div>
    </div>
  );
}

function ImageChoice({
  url,
  projectUrl,
  subject,
  onChoose,
}: {
  url: string;
  projectUrl: string;
  subject: Subject | null;
  onChoose: (subject: Subject) => void;
}) {
  const t = useTranslations("tryIt");
  const [failed, setFailed] = useState(false);
  const [pending, startTransition] = useTransition();

  const trySample = () =>
    startTransition(async () => {
      setFailed(false);
      const sample = await readSample(url, projectUrl).catch(() => null);
      if (sample) onChoose(sample);
      else setFailed(true);
    });

  return (
    <div className="grid gap-2">
      <FileDrop
        label={t("choose")}
        accept={ACCEPTED_IMAGES}
        className="grid min-h-40 place-items-center gap-3 p-4 text-center"
        onFile={(image) => onChoose({ image, label: null })}
      >
        {subject ? <Picture image={subject.image} /> : <p className="text-sm text-muted">{t("drop")}</p>}
        <div className="flex flex-wrap justify-center gap-2">
          <ChooseFile>
            <Upload aria-hidden />
            {t("choose")}
          </ChooseFile>
          <Button size="sm" pending={pending} onClick={trySample}>
            <Images aria-hidden />
            {t("sample")}
          </Button>
        </div>
      </FileDrop>
      <p role="alert" className="text-sm text-danger empty:hidden">
        {failed ? t("sampleFailed") : null}
      </p>
    </div>
  );
}

/** The image as it was uploaded: its file in the version has been through the version's steps already, unless it was imported. */
async function readSample(url: string, projectUrl: string): Promise<Subject | null> {
  const sample = await findSample(url);
  if (!sample) return null;
  const response = await fetch(
    sample.sourceImageId === null ? `${url}/${sample.path}` : `${projectUrl}/images/${sample.sourceImageId}`,
  );
  return response.ok ? { image: await response.blob(), label: sample.label } : null;
}

function Picture({ image }: { image: Blob }) {
  const t = useTranslations("tryIt");
  // Not every browser shows what a model reads: TIFF, for one.
  const [unshown, setUnshown] = useState<Blob | null>(null);
  const show = useCallback(
    (picture: HTMLImageElement) => {
      const url = URL.createObjectURL(image);
      picture.src = url;
      return () => URL.revokeObjectURL(url);
    },
    [image],
  );
  if (unshown === image) return <p className="text-sm text-muted">{t("notShown")}</p>;
  return (
    <img
      ref={show}
      onError={() => setUnshown(image)}
      alt={t("shown")}
      className="max-h-40 min-h-28 max-w-full rounded-md border border-line object-contain"
    />
  );
}

/** Whether to draw light on dark, as the version's images are; null until that is known. Light on dark where nothing tells. */
function useLightOnDark(url: string, wanted: boolean): boolean | null {
  const [dark, setDark] = useState<boolean | null>(null);
  useEffect(() => {
    if (!wanted || dark !== null) return;
    let left = false;
    isDark(url).then(
      (answer) => left || setDark(answer),
      () => left || setDark(true),
    );
    return () => {
      left = true;
    };
  }, [url, wanted, dark]);
  return dark;
}

/** An image pasted anywhere on the page, save into a field. */
function usePaste(onImage: (image: Blob) => void): void {
  const latest = useRef(onImage);
  useEffect(() => {
    latest.current = onImage;
  });
  useEffect(() => {
    function paste(event: ClipboardEvent): void {
      if (event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement) return;
      const image = [...(event.clipboardData?.files ?? [])].find(({ type }) => type.startsWith("image/"));
      if (image) latest.current(image);
    }
    document.addEventListener("paste", paste);
    return () => document.removeEventListener("paste", paste);
  }, []);
}
