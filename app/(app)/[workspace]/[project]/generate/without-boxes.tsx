"use client";

import { useTranslations } from "next-intl";
import { Button } from "@/app/_ui/button";
import { Callout } from "@/app/_ui/callout";
import { LEFT_OUT, type Draft } from "./draft";

/** What becomes of images without a box: left out, or background. The step that filters them says how many stay. */
export function WithoutBoxes({
  count,
  chosen,
  onChange,
}: {
  count: number;
  chosen: Draft["preprocessing"];
  onChange: (chosen: Draft["preprocessing"]) => void;
}) {
  const t = useTranslations("generate.withoutBoxes");
  const filter = chosen["filter-null"];
  const percent = typeof filter?.["percent"] === "number" ? filter["percent"] : 0;
  const { "filter-null": _, ...rest } = chosen;
  return (
    <Callout
      action={
        <Button size="sm" onClick={() => onChange(percent === 100 ? rest : { ...chosen, "filter-null": LEFT_OUT })}>
          {t(percent === 100 ? "keep" : "leaveOut")}
        </Button>
      }
    >
      {percent === 100 ? t("left", { count }) : percent === 0 ? t("kept", { count }) : t("some", { count, percent })}
    </Callout>
  );
}
