"use client";

import { useTranslations } from "next-intl";
import { useRouter } from "next/navigation";
import { useEffect, useId, useState, useTransition, type FormEvent } from "react";
import { Callout } from "@/app/_ui/callout";
import { DialogContent } from "@/app/_ui/dialog";
import { Field } from "@/app/_ui/field";
import { FormFoot } from "@/app/_ui/form-foot";
import { Input } from "@/app/_ui/input";
import { NewDialog } from "@/app/_ui/new-dialog";
import { RadioCards } from "@/app/_ui/radio-cards";
import { slugsFor } from "@/lib/domain/slug-form";
import { createProjectAction } from "./actions";

const TYPES = ["CLASSIFICATION", "OBJECT_DETECTION"] as const;

/** Makes a project, and goes to its images: there is nothing else to see of it yet. */
export function NewProject({ workspaceSlug }: { workspaceSlug: string }) {
  const t = useTranslations("newProject");
  return <NewDialog label={t("open")}>{() => <NewProjectContent workspaceSlug={workspaceSlug} />}</NewDialog>;
}

function NewProjectContent({ workspaceSlug }: { workspaceSlug: string }) {
  const t = useTranslations("newProject");
  const projects = useTranslations("projects");
  const router = useRouter();
  const form = useId();
  const [name, setName] = useState("");
  const [type, setType] = useState<(typeof TYPES)[number]>("CLASSIFICATION");
  const [annotation, setAnnotation] = useState("");
  const [error, setError] = useState<{ field: unknown; message: string } | null>(null);
  const [pending, startTransition] = useTransition();
  const { slug, wanted } = useSlug(workspaceSlug, name);
  const address = (one: string) => <code className="font-mono text-xs break-all">{`/${workspaceSlug}/${one}`}</code>;

  function submit(event: FormEvent): void {
    event.preventDefault();
    if (pending) return;
    startTransition(async () => {
      const result = await createProjectAction({ workspaceSlug, name, type, annotation }).catch(() => null);
      if (!result) setError({ field: null, message: t("failed") });
      else if (!result.ok) setError({ field: result.error.details["field"], message: result.error.message });
      else router.push(`/${workspaceSlug}/${result.data.slug}/images`);
    });
  }
  return (
    <DialogContent
      title={t("title")}
      foot={
        <FormFoot form={form} pending={pending}>
          {t("act")}
        </FormFoot>
      }
    >
      <form id={form} noValidate onSubmit={submit} className="grid gap-5 pt-2">
        {error && error.field !== "name" ? (
          <Callout tone="danger" announce>
            {error.message}
          </Callout>
        ) : null}
        <Field
          label={t("name")}
          description={
            name.trim() === ""
              ? t("addressHelp")
              : slug === wanted
                ? t.rich("address", { address: () => address(slug) })
                : t.rich("addressTaken", { address: () => address(slug), taken: () => address(wanted) })
          }
          error={error?.field === "name" ? error.message : undefined}
        >
          {(control) => (
            <Input
              {...control}
              data-focus-first
              value={name}
              maxLength={200}
              autoComplete="off"
              onChange={({ target }) => {
                setName(target.value);
                setError(null);
              }}
            />
          )}
        </Field>
        <RadioCards
          legend={t("type")}
          options={TYPES.map((value) => ({ value, title: projects(`types.${value}`), text: t(`types.${value}`) }))}
          value={type}
          onChange={setType}
        />
        <Field label={t("annotation")} description={t("annotationHelp")}>
          {(control) => (
            <Input
              {...control}
              value={annotation}
              maxLength={200}
              autoComplete="off"
              onChange={({ target }) => setAnnotation(target.value)}
            />
          )}
        </Field>
      </form>
    </DialogContent>
  );
}

/** After the last key. */
const PAUSE_MS = 250;

/** The slug that the name gets, and the one that it wanted: at once by the name alone, then as the server knows which are taken. */
function useSlug(workspaceSlug: string, name: string): { slug: string; wanted: string } {
  const [known, setKnown] = useState<{ name: string; slug: string } | null>(null);
  const wanted = slugsFor(name).next().value ?? "";
  useEffect(() => {
    if (name.trim() === "") return;
    const controller = new AbortController();
    const timer = setTimeout(() => {
      fetch(`/data/${workspaceSlug}/projects/slug?${new URLSearchParams({ name }).toString()}`, {
        signal: controller.signal,
      })
        .then(async (answer) => {
          const { slug }: { slug: string } = await answer.json();
          if (answer.ok) setKnown({ name, slug });
        })
        .catch(() => {}); // the address of the name alone stays; creating it tells
    }, PAUSE_MS);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [workspaceSlug, name]);
  return { slug: known?.name === name ? known.slug : wanted, wanted };
}
