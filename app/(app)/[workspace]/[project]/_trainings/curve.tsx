"use client";

import { useFormatter, useTranslations } from "next-intl";
import { useState } from "react";
import { cn } from "@/app/_ui/class-names";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/app/_ui/table";
import type { Epoch } from "@/lib/domain/trainings";

interface Line {
  /** Solid for the training images, dashed for those of valid. */
  split: "train" | "valid";
  points: { epoch: number; value: number }[];
}

const LINES = { train: "stroke-train", valid: "stroke-valid" };

/** Loss and accuracy over the epochs, as two small charts and, on demand, in numbers. At least one epoch. */
export function Curve({ epochs, curve, name }: { epochs: number; curve: readonly Epoch[]; name: string }) {
  const t = useTranslations("versions.trainings");
  const common = useTranslations("common");
  const format = useFormatter();
  const share = (value: number) => format.number(value, { style: "percent", maximumFractionDigits: 1 });
  const figure = (value: number) => format.number(value, { maximumSignificantDigits: 3 });
  const loss: Line[] = [
    { split: "train", points: curve.map(({ epoch, loss }) => ({ epoch, value: loss })) },
    {
      split: "valid",
      points: curve.flatMap(({ epoch, validLoss }) => (validLoss === null ? [] : [{ epoch, value: validLoss }])),
    },
  ];
  const accuracy: Line[] = [
    { split: "train", points: curve.map(({ epoch, accuracy }) => ({ epoch, value: accuracy })) },
    {
      split: "valid",
      points: curve.flatMap(({ epoch, validAccuracy }) =>
        validAccuracy === null ? [] : [{ epoch, value: validAccuracy }],
      ),
    },
  ];
  return (
    <div className="grid gap-2">
      <div className="grid gap-x-8 gap-y-4 sm:grid-cols-2">
        <Chart title={t("loss")} lines={loss} epochs={epochs} scale={scaleOf(loss)} say={figure} />
        <Chart title={t("accuracy")} lines={accuracy} epochs={epochs} scale={{ bottom: 0, top: 1 }} say={share} />
      </div>
      <div className="flex flex-wrap items-start justify-between gap-x-6 gap-y-1 text-sm">
        <Figures curve={curve} name={name} figure={figure} share={share} />
        <ul aria-hidden className="flex gap-4 text-muted">
          {(["train", "valid"] as const).map((split) => (
            <li key={split} className="flex items-center gap-1.5">
              <svg viewBox="0 0 20 2" className="h-0.5 w-5">
                <path
                  d="M0 1H20"
                  className={LINES[split]}
                  strokeWidth={2}
                  strokeDasharray={split === "valid" ? "4 3" : undefined}
                />
              </svg>
              {common(`splits.${split}`)}
            </li>
          ))}
        </ul>
      </div>
    </div>
  );
}

/** From 0 to beyond the largest value; below it where a trainer's loss goes there. Round, so that it stays while the curve moves. */
function scaleOf(lines: readonly Line[]): { bottom: number; top: number } {
  const values = lines.flatMap(({ points }) => points.map(({ value }) => value));
  const [least, most] = [Math.min(0, ...values), Math.max(0, ...values)];
  const [bottom, top] = [least < 0 ? -roundUp(-least) : 0, most > 0 ? roundUp(most) : 0];
  return { bottom, top: top === bottom ? 1 : top };
}

/** The next of 1, 2, 5, 10 … */
function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((step) => step * power).find((bound) => value <= bound) ?? value;
}

/** From bottom to top upwards, from the first to the last epoch to the right. Words stand beside the drawing, which stretches. */
function Chart({
  title,
  lines,
  epochs,
  scale: { bottom, top },
  say,
}: {
  title: string;
  lines: readonly Line[];
  epochs: number;
  scale: { bottom: number; top: number };
  say: (value: number) => string;
}) {
  const t = useTranslations("versions.trainings");
  const common = useTranslations("common");
  const format = useFormatter();
  const drawn = lines.filter(({ points }) => points.length > 0);
  const ends = drawn.map(({ split, points }) =>
    t("courseOf", { split: common(`splits.${split}`), first: say(points[0]!.value), last: say(points.at(-1)!.value) }),
  );
  const place = ({ epoch, value }: Line["points"][number]) =>
    `${epochs === 1 ? 50 : ((epoch - 1) / (epochs - 1)) * 100} ${((top - value) / (top - bottom)) * 100}`;
  return (
    <div
      role="img"
      aria-label={t("course", {
        title,
        epoch: drawn[0]?.points.length ?? 0,
        epochs,
        ends: format.list(ends, { type: "unit" }),
      })}
      className="grid content-start gap-1.5"
    >
      <span className="text-sm font-medium">{title}</span>
      <div className="grid grid-cols-[2.75rem_minmax(0,1fr)] gap-x-2 text-xs text-muted tabular-nums">
        <div className="flex flex-col justify-between text-right">
          <span className="-mt-2">{say(top)}</span>
          <span>{say((top + bottom) / 2)}</span>
          <span className="-mb-2">{say(bottom)}</span>
        </div>
        <svg viewBox="0 0 100 100" preserveAspectRatio="none" className="h-28 w-full overflow-visible fill-none">
          <path d="M0 0H100M0 50H100M0 100H100" className="stroke-line" vectorEffect="non-scaling-stroke" />
          {drawn.map(({ split, points }) => (
            <path
              key={split}
              d={`M${points.map(place).join("L")}${points.length === 1 ? "h0" : ""}`}
              className={LINES[split]}
              strokeWidth={points.length === 1 ? 5 : 2}
              strokeLinecap="round"
              strokeLinejoin="round"
              strokeDasharray={split === "valid" && points.length > 1 ? "5 4" : undefined}
              vectorEffect="non-scaling-stroke"
            />
          ))}
        </svg>
        <div className="col-start-2 mt-2 flex justify-between">
          <span>{epochs === 1 ? null : 1}</span>
          <span>{t("epoch")}</span>
          <span>{epochs}</span>
        </div>
      </div>
    </div>
  );
}

/** The curve in numbers, made only for whoever opens it. */
function Figures({
  curve,
  name,
  figure,
  share,
}: {
  curve: readonly Epoch[];
  name: string;
  figure: (value: number) => string;
  share: (value: number) => string;
}) {
  const t = useTranslations("versions.trainings");
  const [open, setOpen] = useState(false);
  return (
    <details className={cn(open && "w-full")} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary className="w-fit cursor-pointer rounded-sm text-accent">{t("figures")}</summary>
      {open ? (
        <div className="mt-2 max-h-72 overflow-y-auto">
          <Table label={t("figuresOf", { name })}>
            <TableHead>
              <TableRow>
                <TableHeader numeric>{t("epoch")}</TableHeader>
                <TableHeader numeric>{t("loss")}</TableHeader>
                <TableHeader numeric>{t("accuracy")}</TableHeader>
                <TableHeader numeric>{t("validLoss")}</TableHeader>
                <TableHeader numeric>{t("validAccuracy")}</TableHeader>
              </TableRow>
            </TableHead>
            <TableBody>
              {curve.map(({ epoch, loss, accuracy, validLoss, validAccuracy }) => (
                <TableRow key={epoch}>
                  <TableHeader scope="row" numeric>
                    {epoch}
                  </TableHeader>
                  <TableCell numeric>{figure(loss)}</TableCell>
                  <TableCell numeric>{share(accuracy)}</TableCell>
                  <TableCell numeric>{validLoss === null ? null : figure(validLoss)}</TableCell>
                  <TableCell numeric>{validAccuracy === null ? null : share(validAccuracy)}</TableCell>
                </TableRow>
              ))}
            </TableBody>
          </Table>
        </div>
      ) : null}
    </details>
  );
}
