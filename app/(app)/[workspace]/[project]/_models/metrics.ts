import { z } from "zod";

/** What our own trainer measures of its models (lib/engine/trainer). Another's figures may be of any kind. */
const known = z.object({
  /** A share; of the split that was held out. */
  accuracy: z.number().min(0).max(1).nullable().catch(null),
  measuredOn: z.enum(["test", "valid"]).nullable().catch(null),
  images: z.object({ train: z.number(), valid: z.number(), test: z.number() }).nullable().catch(null),
  elapsedMs: z.number().min(0).nullable().catch(null),
});

export interface ModelMetrics extends z.output<typeof known> {
  /** Other plain numbers that the trainer handed in, by its own names. */
  others: [name: string, value: number][];
}

/** A model's metrics as pages show them: null for what was not measured, or is no such figure. */
export function readMetrics(metrics: Record<string, unknown>): ModelMetrics {
  const read = known.parse({ accuracy: null, measuredOn: null, images: null, elapsedMs: null, ...metrics });
  const shown = new Set(["epochs", ...Object.entries(read).flatMap(([name, value]) => (value === null ? [] : [name]))]); // the training says its epochs
  return {
    ...read,
    others: Object.entries(metrics).flatMap(([name, value]): [string, number][] =>
      typeof value === "number" && !shown.has(name) ? [[name, value]] : [],
    ),
  };
}

/** How long something took: seconds to a tenth below ten, then whole seconds, minutes and hours: "3.2 sec", "41 min". */
export function formatDuration(locale: string, ms: number): string {
  const seconds = ms / 1000;
  const [value, unit] =
    seconds < 60 ? [seconds, "second"] : seconds < 3600 ? [seconds / 60, "minute"] : [seconds / 3600, "hour"];
  return new Intl.NumberFormat(locale, {
    style: "unit",
    unit,
    unitDisplay: "short",
    maximumFractionDigits: value < 10 ? 1 : 0,
  }).format(value);
}
