"use client";

import { useLocale, useTranslations } from "next-intl";
import { useRouter } from "next/navigation";
import { useEffect, useId, useRef, useState, type FormEvent } from "react";
import { FileArchive, Upload } from "lucide-react";
import { Button } from "@/app/_ui/button";
import { Callout } from "@/app/_ui/callout";
import { Dialog, DialogContent } from "@/app/_ui/dialog";
import { escapeName } from "@/app/_ui/exact-name";
import { Field } from "@/app/_ui/field";
import { FormFoot } from "@/app/_ui/form-foot";
import { Input } from "@/app/_ui/input";
import { formatBytes } from "@/app/_ui/number";
import { Progress } from "@/app/_ui/progress";
import { toast } from "@/app/_ui/toast";
import type { SluggedProjectRef } from "@/lib/domain/item-state";
import type { VersionsPage } from "@/lib/domain/versions";
import type { DatasetPeek } from "@/lib/work/versions/peek";
import { sendZip } from "./send-zip";

interface Props {
  project: SluggedProjectRef;
  type: VersionsPage["project"]["type"];
}

/** Brings in a version that was made elsewhere, from a zip. */
export function ImportVersion(props: Props) {
  const t = useTranslations("versions.import");
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button onClick={() => setOpen(true)}>
        <Upload aria-hidden />
        {t("open")}
      </Button>
      {open ? <ImportDialog {...props} onClose={() => setOpen(false)} /> : null}
    </>
  );
}

/** The chosen zip; `peek` is undefined while it is being read, null when it is none. */
interface Chosen {
  file: File;
  peek: DatasetPeek | null | undefined;
}

const total = ({ images: { train, valid, test } }: DatasetPeek): number => train + valid + test;

function ImportDialog({ project, type, onClose }: Props & { onClose: () => void }) {
  const t = useTranslations("versions.import");
  const [form, picker] = [useId(), useRef<HTMLInputElement>(null)];
  const locale = useLocale();
  const router = useRouter();
  const [chosen, setChosen] = useState<Chosen | null>(null);
  const [name, setName] = useState("");
  const [number, setNumber] = useState("");
  const [created, setCreated] = useState("");
  const [error, setError] = useState<{ field: unknown; message: string } | null>(null);
  const [sent, setSent] = useState<number | null>(null);
  const sending = useRef<AbortController | null>(null);
  useEffect(() => () => sending.current?.abort(), []);

  async function choose(file: File): Promise<void> {
    setChosen({ file, peek: undefined });
    setError(null);
    const { peekInto } = await import("@/lib/work/versions/peek");
    const peek = await peekInto(file, { imageBytes: Infinity, annotationBytes: Infinity });
    setChosen((now) => (now?.file === file ? { file, peek } : now));
    setName(peek?.origin.name ?? file.name.replace(/(?<=.)\.zip$/i, "").slice(0, 200));
    setNumber(peek?.origin.number ? String(peek.origin.number) : "");
    setCreated(peek?.origin.createdAt?.toISOString().slice(0, 10) ?? "");
  }

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault();
    if (!chosen?.peek || sent !== null) return;
    const told = chosen.peek.origin.createdAt?.toISOString();
    const wishes = {
      file: chosen.file.name,
      name,
      number,
      created: told?.slice(0, 10) === created ? told : created === "" ? "" : `${created}T00:00:00Z`,
    };
    setError(null);
    setSent(0);
    sending.current = new AbortController();
    const url = `/data/${project.workspaceSlug}/${project.projectSlug}/imports?${new URLSearchParams(wishes).toString()}`;
    const answer = await sendZip(url, chosen.file, { signal: sending.current.signal, onProgress: setSent });
    if (answer === "aborted") return;
    setSent(null);
    if (!answer.ok) return setError({ field: answer.field, message: answer.message ?? t("failed") });
    toast(t("begun", { file: escapeName(chosen.file.name) }));
    router.refresh();
    onClose();
  }

  const peek = chosen?.peek;
  const ready = peek !== null && peek !== undefined && total(peek) > 0;
  return (
    <Dialog open onOpenChange={(open) => (open ? undefined : onClose())}>
      <DialogContent
        title={t("title")}
        description={t("text", { type })}
        keep={sent !== null}
        foot={
          <FormFoot form={form} pending={sent !== null} disabled={ready ? false : t("needsFile")}>
            {t("act")}
          </FormFoot>
        }
      >
        <form id={form} noValidate onSubmit={(event) => void submit(event)} className="grid gap-5">
          {error && !FIELDS.has(error.field) ? (
            <Callout tone="danger" announce>
              {error.message}
            </Callout>
          ) : null}
          <div className="grid gap-2">
            <div className="flex flex-wrap items-center gap-3">
              <Button data-focus-first disabled={sent !== null} onClick={() => picker.current?.click()}>
                <FileArchive aria-hidden />
                {chosen ? t("another") : t("choose")}
              </Button>
              {chosen ? (
                <span className="min-w-0 text-sm wrap-anywhere">
                  <bdi>{escapeName(chosen.file.name)}</bdi>{" "}
                  <span className="text-muted">{formatBytes(locale, chosen.file.size)}</span>
                </span>
              ) : null}
            </div>
            <input
              ref={picker}
              type="file"
              hidden
              accept=".zip,application/zip"
              aria-label={t("file")}
              onChange={({ target }) => {
                const [file] = target.files ?? [];
                target.value = ""; // the same file may be chosen again
                if (file) void choose(file);
              }}
            />
            <div aria-live="polite" className="text-sm text-muted empty:hidden">
              {chosen === null ? null : peek === undefined ? (
                t("reading")
              ) : peek === null ? (
                <span className="text-danger">{t("broken")}</span>
              ) : total(peek) === 0 ? (
                <span className="text-danger">{t("noImages")}</span>
              ) : (
                <span className="grid gap-0.5">
                  <span>{t("found", peek.images)}</span>
                  <Before peek={peek} />
                </span>
              )}
            </div>
          </div>
          {ready ? (
            <>
              <Field label={t("name")} error={error?.field === "name" ? error.message : undefined}>
                {(control) => (
                  <Input
                    {...control}
                    value={name}
                    maxLength={200}
                    autoComplete="off"
                    onChange={({ target }) => setName(target.value)}
                  />
                )}
              </Field>
              <div className="grid gap-5 sm:grid-cols-2">
                <Field
                  label={t("number")}
                  description={t("numberHelp")}
                  error={error?.field === "number" ? error.message : undefined}
                >
                  {(control) => (
                    <Input
                      {...control}
                      value={number}
                      inputMode="numeric"
                      maxLength={7}
                      autoComplete="off"
                      onChange={({ target }) => setNumber(target.value)}
                    />
                  )}
                </Field>
                <Field
                  label={t("created")}
                  description={t("createdHelp")}
                  error={error?.field === "created" ? error.message : undefined}
                >
                  {(control) => (
                    <Input
                      {...control}
                      type="date"
                      value={created}
                      onChange={({ target }) => setCreated(target.value)}
                    />
                  )}
                </Field>
              </div>
            </>
          ) : null}
          {sent !== null && chosen ? (
            <div className="grid gap-1.5">
              <Progress value={chosen.file.size === 0 ? null : sent / chosen.file.size} label={t("sending")} />
              <p className="text-sm text-muted">
                {t("sent", { sent: formatBytes(locale, sent), all: formatBytes(locale, chosen.file.size) })}
              </p>
            </div>
          ) : null}
        </form>
      </DialogContent>
    </Dialog>
  );
}

/** Those whose own error is shown beside them. */
const FIELDS: ReadonlySet<unknown> = new Set(["name", "number", "created"]);

/** Which version it was. */
function Before({ peek: { origin } }: { peek: DatasetPeek }) {
  const t = useTranslations("versions.import");
  const { workspace, project, number } = origin;
  if (project === null || number === null) return null;
  return (
    <span className="wrap-anywhere">
      {t("of", { number: String(number), project: workspace === null ? project : `${workspace}/${project}` })}
    </span>
  );
}
