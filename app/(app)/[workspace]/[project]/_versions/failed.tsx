"use client";

import { useTranslations } from "next-intl";
import { useState, useTransition } from "react";
import { Button } from "@/app/_ui/button";
import { Callout } from "@/app/_ui/callout";
import type { FailureReason } from "@/lib/domain/generation-failure";
import { retryGenerationAction } from "./actions";
import { DeleteVersion, type NamedVersion } from "./delete-version";

interface Props {
  version: NamedVersion;
  reason: FailureReason | null;
  /** What it is about, such as a file's name. */
  detail: string | null;
  /** Its files came from a zip, which is gone: only another import could make it. */
  imported: boolean;
  mayRetry: boolean;
  mayDelete: boolean;
  /** Takes the focus when the buttons go. */
  headingId: string;
}

/** Why a version never came to be, and the two ways on. */
export function Failed({ version, reason, detail, imported, mayRetry, mayDelete, headingId }: Props) {
  const [t, versions] = [useTranslations("versions.generation"), useTranslations("versions")];
  const { workspaceSlug, projectSlug, number } = version;
  const [problem, setProblem] = useState<string | null>(null);
  const [deleting, setDeleting] = useState(false);
  const [pending, startTransition] = useTransition();

  function retry(): void {
    setProblem(null);
    startTransition(async () => {
      const result = await retryGenerationAction({ workspaceSlug, projectSlug, number }).catch(() => null);
      if (result?.ok) document.getElementById(headingId)?.focus();
      else setProblem(result ? result.error.message : t("unreachable"));
    });
  }

  return (
    <div className="grid gap-4">
      <Callout tone={reason === "cancelled" ? "info" : "danger"} announce>
        {imported
          ? versions("importFailed", {
              why: versions(`importFailure.${reason ?? "internal"}`, { detail: detail ?? "" }),
            })
          : versions("generationFailed", {
              why: versions(`failure.${reason ?? "internal"}`, { detail: detail ?? "" }),
            })}
      </Callout>
      {problem === null ? null : (
        <Callout tone="danger" announce>
          {problem}
        </Callout>
      )}
      <div className="flex flex-wrap gap-2">
        {mayRetry && !imported ? (
          <Button variant="primary" pending={pending} onClick={retry}>
            {t("retry")}
          </Button>
        ) : null}
        {mayDelete ? (
          <Button variant="danger-outline" onClick={() => setDeleting(true)}>
            {t("delete")}
          </Button>
        ) : null}
      </div>
      {deleting ? <DeleteVersion version={version} onClose={() => setDeleting(false)} /> : null}
    </div>
  );
}
