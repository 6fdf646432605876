import { CopyButton } from "./copy-button";

/** Text to copy, exactly as it stands. `label` names it; `copyLabel` its button, where there are several. */
export function CodeBlock({ text, label, copyLabel }: { text: string; label: string; copyLabel?: string }) {
  return (
    <div className="flex min-w-0 items-start gap-2 rounded-md border border-line bg-panel p-2 pl-3">
      <pre
        tabIndex={0}
        role="region"
        aria-label={label}
        className="min-w-0 grow overflow-x-auto py-1 font-mono text-sm"
      >
        {text}
      </pre>
      <CopyButton text={text} {...(copyLabel ? { label: copyLabel } : {})} />
    </div>
  );
}
