import { CopyButton } from "./copy-button";

/** A secret that is shown only once, whole, with its copy button focused: there is one thing to do about it. */
export function Secret({ text, label, copyLabel }: { text: string; label: string; copyLabel: string }) {
  return (
    <div
      role="group"
      aria-label={label}
      className="flex flex-wrap items-center justify-between gap-2 rounded-md border border-control bg-panel p-2 pl-3"
    >
      <code className="min-w-0 font-mono text-sm break-all select-all">{text}</code>
      <CopyButton text={text} label={copyLabel} autoFocus />
    </div>
  );
}
