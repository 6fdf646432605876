"use client";

import { useTranslations } from "next-intl";
import { useRouter } from "next/navigation";
import { useEffect, useId, useRef, useState, useTransition, type FormEvent } from "react";
import { Button } from "@/app/_ui/button";
import { Callout } from "@/app/_ui/callout";
import { Dialog, DialogClose, DialogContent } from "@/app/_ui/dialog";
import { escapeName, ExactName, isOddName } from "@/app/_ui/exact-name";
import { Field } from "@/app/_ui/field";
import { Input } from "@/app/_ui/input";
import { Skeleton } from "@/app/_ui/skeleton";
import { TextLink } from "@/app/_ui/text-link";
import { toastError } from "@/app/_ui/toast";
import type { ItemType } from "@/lib/domain/item-types";
import { normalizeName, NOTE_LENGTH_MAX } from "@/lib/domain/name-form";
import type { AlreadyInTrash, Trashed } from "@/lib/domain/trash";
import type { ActionResult } from "@/lib/doors/action";
import { Consequences, type Foreseen } from "./consequences";

interface Props {
  type: ItemType;
  workspaceSlug: string;
  name: string;
  /** What tells it from others of its name: "v3". */
  mark?: string;
  /** Where to ask what it would do. */
  consequencesUrl: string;
  /** Whether the name has to be typed. */
  typed: boolean;
  /** Moves it to Trash, if it still has that name; the note says why, and may be empty. */
  trash: (confirmName: string, note: string) => Promise<ActionResult<Trashed | AlreadyInTrash>>;
  /** It is in Trash now. */
  onTrashed: (result: Trashed | AlreadyInTrash) => void;
  onClose: () => void;
}

type Loaded =
  { state: "loading" } | { state: "ready"; foreseen: Foreseen } | { state: "refused"; code: string; message: string };

/** Asks before something goes to Trash: what will happen, as it is now, and, where `typed`, its name. Mounted means open. */
export function DeleteDialog({
  type,
  workspaceSlug,
  name,
  mark,
  consequencesUrl,
  typed,
  trash,
  onTrashed,
  onClose,
}: Props) {
  const t = useTranslations("versions.delete");
  const common = useTranslations("common");
  const router = useRouter();
  const formId = useId();
  const field = useRef<HTMLInputElement>(null);
  const [attempt, setAttempt] = useState(0);
  const loaded = useConsequences(consequencesUrl, attempt, t("consequencesFailed"));
  const [renamedTo, setRenamedTo] = useState<string | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [text, setText] = useState("");
  const [note, setNote] = useState("");
  const [pending, startTransition] = useTransition();

  const current = renamedTo ?? (loaded.state === "ready" && type !== "TRAINING" ? loaded.foreseen.name : name);
  const matches = !typed || normalizeName(text) === normalizeName(current);
  const gone = loaded.state === "refused" && loaded.code !== "busy";

  function close(): void {
    onClose();
    if (gone) router.refresh(); // what the page shows is not so any more
  }

  function submit(event: FormEvent): void {
    event.preventDefault();
    if (!matches || pending || loaded.state !== "ready") return;
    setProblem(null);
    startTransition(async () => {
      const result = await trash(text, note).catch(() => null);
      if (result?.ok) return onTrashed(result.data);
      if (result?.error.code === "name_mismatch") {
        const now = String(result.error.details["name"]);
        setRenamedTo(now);
        setText("");
        setProblem(t("renamed", { type, name: escapeName(now) }));
        field.current?.focus();
      } else if (result?.error.code === "forbidden") {
        toastError(result.error.message); // the page, fetched anew, offers this no more: the dialog goes with its button
        onClose();
      } else setProblem(result ? result.error.message : t("failed"));
    });
  }

  return (
    <Dialog open onOpenChange={(open) => (open ? undefined : close())}>
      <DialogContent
        title={t("title", { name: escapeName(current) })}
        foot={
          <>
            <DialogClose asChild>
              <Button>{gone ? common("close") : common("cancel")}</Button>
            </DialogClose>
            {gone ? null : (
              <Button
                type="submit"
                form={formId}
                variant="danger"
                pending={pending}
                disabled={loaded.state !== "ready" ? true : matches ? false : t("disabled")}
              >
                {t("confirm")}
              </Button>
            )}
          </>
        }
      >
        {loaded.state === "loading" ? <LoadingLines label={common("loading")} /> : null}
        {loaded.state === "ready" ? <Consequences type={type} foreseen={loaded.foreseen} /> : null}
        {loaded.state === "refused" ? (
          <Callout
            tone="warn"
            announce
            action={gone ? undefined : <Button onClick={() => setAttempt(attempt + 1)}>{common("tryAgain")}</Button>}
          >
            {loaded.code === "in_trash"
              ? t.rich("alreadyInTrash", {
                  name: escapeName(name),
                  trash: (words) => <TextLink href={`/${workspaceSlug}/settings/trash`}>{words}</TextLink>,
                })
              : loaded.message}
          </Callout>
        ) : null}
        {problem ? (
          <Callout tone="danger" announce>
            {problem}
          </Callout>
        ) : null}
        {gone ? null : (
          <form id={formId} onSubmit={submit} className="grid gap-4">
            {typed ? (
              <>
                <Field label={t("typeName", { type })} description={isOddName(current) ? common("oddName") : undefined}>
                  {(control) => (
                    <>
                      <ExactName name={current} mark={mark} copyLabel={t("copyName")} />
                      <Input
                        {...control}
                        ref={field}
                        value={text}
                        onChange={(event) => setText(event.target.value)}
                        data-focus-first
                        autoComplete="off"
                        autoCapitalize="off"
                        autoCorrect="off"
                        spellCheck={false}
                        className="font-mono"
                      />
                    </>
                  )}
                </Field>
              </>
            ) : null}
            <Field label={t("reason")} quiet>
              {(control) => (
                <Input
                  {...control}
                  value={note}
                  maxLength={NOTE_LENGTH_MAX}
                  onChange={(event) => setNote(event.target.value)}
                  autoComplete="off"
                />
              )}
            </Field>
          </form>
        )}
      </DialogContent>
    </Dialog>
  );
}

/** Three lines of about the length of what comes. */
function LoadingLines({ label }: { label: string }) {
  return (
    <div role="status" aria-label={label} className="mt-1.5 grid gap-2.5 py-0.5">
      <Skeleton className="h-4 w-full" />
      <Skeleton className="h-4 w-4/5" />
      <Skeleton className="h-4 w-3/5" />
    </div>
  );
}

/** Asks the server what the act would do: fresh at each opening, since the page may be an hour old. */
function useConsequences(url: string, attempt: number, failed: string): Loaded {
  const [loaded, setLoaded] = useState<{ key: string; value: Loaded } | null>(null);
  const key = `${url} ${attempt}`;
  useEffect(() => {
    const controller = new AbortController();
    async function load(): Promise<Loaded> {
      const response = await fetch(url, { signal: controller.signal, cache: "no-store" });
      if (response.ok) {
        const foreseen: Foreseen = await response.json();
        return { state: "ready", foreseen };
      }
      const refusal: { code: string; error: string } = await response.json();
      return { state: "refused", code: refusal.code, message: refusal.error };
    }
    load().then(
      (value) => setLoaded({ key, value }),
      () => controller.signal.aborted || setLoaded({ key, value: { state: "refused", code: "busy", message: failed } }),
    );
    return () => controller.abort();
  }, [url, key, failed]);
  return loaded?.key === key ? loaded.value : { state: "loading" };
}
