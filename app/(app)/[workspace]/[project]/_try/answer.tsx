"use client";

import { useFormatter, useTranslations } from "next-intl";
import { Callout } from "@/app/_ui/callout";
import { cn } from "@/app/_ui/class-names";
import { TextLink } from "@/app/_ui/text-link";
import { Time } from "@/app/_ui/time";
import type { ClassAnswer, InferenceAnswer } from "@/lib/work/inference/inference";
import { Boxes } from "./boxes";
import { Facts } from "./facts";
import type { Refusal } from "./use-prediction";

const SHOWN = 5;

interface Props {
  workspaceSlug: string;
  answer: InferenceAnswer | null;
  refusal: Refusal | null;
  /** That was shown last. */
  image: Blob | null;
  /** Another answer is on its way. */
  pending: boolean;
}

/** What the model says: the likeliest classes, or boxes; or why there is no answer. */
export function Answer({ workspaceSlug, answer, refusal, image, pending }: Props) {
  const t = useTranslations("tryIt");
  if (refusal) {
    const { code, message, restorableUntil } = refusal;
    return (
      <Callout tone={code === "model_in_trash" ? "warn" : "danger"} announce>
        {code === "model_in_trash" && restorableUntil !== null
          ? t.rich("inTrash", {
              time: () => <Time at={restorableUntil} />,
              trash: (words) => <TextLink href={`/${workspaceSlug}/settings/trash`}>{words}</TextLink>,
            })
          : message}
      </Callout>
    );
  }
  if (!answer || !image) return <p className="text-muted">{t(pending ? "asking" : "idle")}</p>;
  return "top" in answer ? (
    <Classes answer={answer} pending={pending} />
  ) : (
    <Boxes answer={answer} image={image} pending={pending} />
  );
}

/** The likeliest classes with their confidences. */
function Classes({ answer, pending }: { answer: ClassAnswer; pending: boolean }) {
  const t = useTranslations("tryIt");
  const format = useFormatter();
  const share = (value: number) =>
    format.number(value, { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });
  const shown = answer.predictions.slice(0, SHOWN);
  const longest = shown.reduce((most, { class: name }) => Math.max(most, name.length), 2);
  return (
    <div className={cn("grid gap-3", pending && "opacity-60")} aria-busy={pending}>
      <p role="status" className="text-lg font-semibold">
        {t.rich("top", {
          class: answer.top,
          confidence: share(answer.confidence),
          name: (text) => <bdi className="break-words">{text}</bdi>,
          muted: (text) => <span className="font-normal text-muted">{text}</span>,
        })}
      </p>
      <ol aria-label={t("classes")} className="grid gap-1.5 text-sm">
        {shown.map(({ class: name, confidence }) => (
          <li
            key={name}
            className="grid items-center gap-2.5"
            style={{ gridTemplateColumns: `${Math.min(longest, 14)}ch minmax(0,1fr) 3.5rem` }}
          >
            <bdi title={name} className="truncate">
              {name}
            </bdi>
            <span aria-hidden className="h-2 overflow-hidden rounded-full bg-hover">
              <span className="block h-full rounded-full bg-accent-solid" style={{ width: `${confidence * 100}%` }} />
            </span>
            <span className="text-right text-muted tabular-nums">{share(confidence)}</span>
          </li>
        ))}
      </ol>
      <Facts
        answer={answer}
        more={answer.predictions.length > SHOWN ? t("more", { count: answer.predictions.length - SHOWN }) : null}
      />
    </div>
  );
}
