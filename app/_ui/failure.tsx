"use client";

import { useTranslations } from "next-intl";
import { Button } from "./button";
import { Problem } from "./problem";

/** What the error pages say: nothing of the cause, but the code under which the server's log has it. */
export function Failure({ error, retry }: { error: unknown; retry: () => void }) {
  const t = useTranslations("problems");
  const common = useTranslations("common");
  const digest = error instanceof Error && "digest" in error ? String(error.digest) : null;
  return (
    <Problem
      title={t("errorTitle")}
      actions={
        <Button variant="primary" onClick={() => retry()}>
          {common("tryAgain")}
        </Button>
      }
    >
      <p>{t("errorText")}</p>
      {digest ? <p className="mt-2 font-mono text-sm">{t("errorCode", { digest })}</p> : null}
    </Problem>
  );
}
