export { clsx as cn } from "clsx";

/** What every field-like control looks like. */
export const CONTROL =
  "w-full rounded-md border border-control bg-canvas px-2.5 text-base text-ink placeholder:text-faint aria-invalid:border-danger disabled:cursor-not-allowed disabled:bg-panel disabled:text-muted";
