"use client";

import { useFormatter, useTranslations } from "next-intl";
import { useCallback, useId, useState } from "react";
import { cn } from "@/app/_ui/class-names";
import type { BoxAnswer } from "@/lib/work/inference/inference";
import { Facts } from "./facts";

const LISTED = 12;
const BEGINS_AT = 0.4;

interface Props {
  answer: BoxAnswer;
  /** That it was asked about. */
  image: Blob;
  pending: boolean;
}

/** What a detector has found, drawn on the image and listed. The least confidence is chosen here, without another call. */
export function Boxes({ answer, image, pending }: Props) {
  const t = useTranslations("tryIt");
  const format = useFormatter();
  const id = useId();
  const [least, setLeast] = useState(BEGINS_AT);
  const shown = answer.predictions.filter(({ confidence }) => confidence >= least);
  const percent = (value: number) => format.number(value, { style: "percent", maximumFractionDigits: 1 });
  return (
    <div className={cn("grid gap-3", pending && "opacity-60")} aria-busy={pending}>
      <Drawn answer={answer} shown={shown} image={image} percent={percent} />
      <p role="status" className="font-semibold">
        {t("boxes", { count: shown.length })}
      </p>
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1 text-sm">
        <label htmlFor={id} className="text-muted">
          {t("confidence")}
        </label>
        <input
          id={id}
          type="range"
          min={0}
          max={1}
          step={0.01}
          value={least}
          aria-valuetext={percent(least)}
          onChange={({ target }) => setLeast(Number(target.value))}
          className="min-w-32 flex-1 accent-accent-solid"
        />
        <span className="w-12 text-right tabular-nums">{percent(least)}</span>
      </div>
      {shown.length === 0 ? (
        answer.predictions.length > 0 && <p className="text-sm text-muted">{t("noneFound")}</p>
      ) : (
        <ol aria-label={t("boxList")} className="grid gap-1 text-sm">
          {shown.slice(0, LISTED).map(({ detection_id, class: name, confidence, width, height }) => (
            <li key={detection_id} className="flex items-baseline gap-3">
              <bdi className="min-w-0 flex-1 truncate" title={name}>
                {name}
              </bdi>
              <span className="text-muted tabular-nums">
                {t("box", { width: Math.round(width), height: Math.round(height) })}
              </span>
              <span className="w-14 text-right tabular-nums">{percent(confidence)}</span>
            </li>
          ))}
        </ol>
      )}
      <Facts answer={answer} more={shown.length > LISTED ? t("moreBoxes", { count: shown.length - LISTED }) : null} />
    </div>
  );
}

/** Lines and letters keep their size, whatever the image's is. */
function Drawn({
  answer: { image: size },
  shown,
  image,
  percent,
}: {
  answer: BoxAnswer;
  shown: BoxAnswer["predictions"];
  image: Blob;
  percent: (value: number) => string;
}) {
  const t = useTranslations("tryIt");
  const show = useCallback(
    (picture: HTMLImageElement) => {
      const url = URL.createObjectURL(image);
      picture.src = url;
      return () => URL.revokeObjectURL(url);
    },
    [image],
  );
  const letters = Math.max(size.width, size.height) / 24;
  return (
    <div className="relative w-full max-w-md overflow-hidden rounded-md border border-line">
      <img ref={show} alt={t("boxesShown")} className="block w-full" />
      <svg
        aria-hidden
        viewBox={`0 0 ${size.width} ${size.height}`}
        preserveAspectRatio="none"
        className="absolute inset-0 size-full text-accent-solid"
      >
        {shown.map(({ detection_id, x, y, width, height, class: name, confidence }) => (
          <g key={detection_id}>
            {[
              { colour: "white", line: 4 },
              { colour: "currentColor", line: 2 },
            ].map(({ colour, line }) => (
              <rect
                key={line}
                x={x - width / 2}
                y={y - height / 2}
                width={width}
                height={height}
                fill="none"
                stroke={colour}
                strokeWidth={line}
                vectorEffect="non-scaling-stroke"
              />
            ))}
            <text
              x={x - width / 2}
              y={Math.max(letters, y - height / 2 - letters / 3)}
              fontSize={letters}
              fontWeight={600}
              fill="currentColor"
              stroke="white"
              strokeWidth={letters / 6}
              paintOrder="stroke"
            >
              {`${name} ${percent(confidence)}`}
            </text>
          </g>
        ))}
      </svg>
    </div>
  );
}
