import { useFormatter, useLocale } from "next-intl";

/** A number with the language's separators. */
export function Count({ value }: { value: number }) {
  return <>{useFormatter().number(value)}</>;
}

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte", "petabyte"] as const;

/** Bytes as people say them, in steps of 1,000: "12.4 MB". For messages' arguments; in markup use `<Bytes>`. */
export function formatBytes(locale: string, bytes: number): string {
  const step = bytes < 1 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), UNITS.length - 1);
  const value = bytes / 1000 ** step;
  return new Intl.NumberFormat(locale, {
    style: "unit",
    unit: UNITS[step]!,
    unitDisplay: step === 0 ? "long" : "short",
    maximumFractionDigits: value < 100 && step > 0 ? 1 : 0,
  }).format(value);
}

export function Bytes({ value }: { value: number }) {
  return <span className="whitespace-nowrap">{formatBytes(useLocale(), value)}</span>;
}
