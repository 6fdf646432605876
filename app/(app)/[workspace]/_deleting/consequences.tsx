"use client";

import { CalendarClock, CircleStop, EyeOff, Images, Unplug, type LucideIcon } from "lucide-react";
import { useFormatter, useTranslations } from "next-intl";
import type { ReactNode } from "react";
import type { ItemType } from "@/lib/domain/item-types";
import type { TrashConsequences } from "@/lib/domain/trash";

/** Consequences as they come over the wire. */
export type Foreseen = Omit<TrashConsequences, "purgeAfter"> & { purgeAfter: string };

/** What moving something to Trash will do, a line each; only what applies. */
export function Consequences({ type, foreseen }: { type: ItemType; foreseen: Foreseen }) {
  const t = useTranslations("versions.consequences");
  const format = useFormatter();
  const { trainings, trainingCount, models, modelCount } = foreseen;
  // Only ever rendered in the browser, whose own zone it therefore is.
  const { timeZone } = new Intl.DateTimeFormat().resolvedOptions();
  const until = format.dateTime(new Date(foreseen.purgeAfter), {
    year: "numeric",
    month: "long",
    day: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    timeZone,
  });
  return (
    <ul className="mt-1.5 grid gap-2">
      <Line icon={CalendarClock}>{t("kept", { type, until, days: foreseen.days })}</Line>
      {foreseen.versions > 0 ? <Line icon={EyeOff}>{t("versions", { count: foreseen.versions })}</Line> : null}
      {foreseen.images > 0 ? <Line icon={Images}>{t("images", { count: foreseen.images })}</Line> : null}
      {foreseen.generating > 0 ? (
        <Line icon={CircleStop}>{t("generating", { type, count: foreseen.generating })}</Line>
      ) : null}
      {trainings.map(({ versionNumber, number, status, epoch, epochs }) => (
        <Line key={`${versionNumber}.${number}`} icon={CircleStop}>
          {t(status === "QUEUED" ? "queued" : "running", {
            training: t("training", { type, number, version: versionNumber }),
            epoch,
            epochs,
          })}
        </Line>
      ))}
      {trainingCount > trainings.length ? (
        <Line icon={CircleStop}>{t("moreTrainings", { count: trainingCount - trainings.length })}</Line>
      ) : null}
      {models.map(({ slug, calls }) => (
        <Line key={slug} icon={Unplug}>
          {t.rich("model", { slug, calls, code: (text) => <code className="font-mono text-sm">{text}</code> })}
        </Line>
      ))}
      {modelCount > models.length ? (
        <Line icon={Unplug}>{t("moreModels", { count: modelCount - models.length })}</Line>
      ) : null}
    </ul>
  );
}

function Line({ icon: Icon, children }: { icon: LucideIcon; children: ReactNode }) {
  return (
    <li className="flex items-start gap-2.5">
      <Icon aria-hidden className="mt-[3px] size-4 shrink-0 text-muted" />
      <span className="min-w-0">{children}</span>
    </li>
  );
}
