import { useId, type ReactNode } from "react";
import { cn } from "./class-names";

/** What a field's control must be given, so that its label, description and error belong to it. */
export interface FieldControl {
  id: string;
  "aria-describedby": string | undefined;
  "aria-invalid": true | undefined;
}

interface Props {
  label: ReactNode;
  description?: ReactNode;
  error?: ReactNode;
  /** One of many side by side: the label steps back. */
  quiet?: boolean;
  children: (control: FieldControl) => ReactNode;
}

/** A labelled control. The error replaces nothing and is announced: `{(control) => <Input {...control} name="email" />}`. */
export function Field({ label, description, error, quiet = false, children }: Props) {
  const id = useId();
  const ids = [description ? `${id}-description` : null, error ? `${id}-error` : null].filter((part) => part !== null);
  return (
    <div className="grid content-start gap-1.5">
      <label htmlFor={id} className={cn("text-sm", quiet ? "text-muted" : "font-medium")}>
        {label}
      </label>
      {children({
        id,
        "aria-describedby": ids.length > 0 ? ids.join(" ") : undefined,
        "aria-invalid": error ? true : undefined,
      })}
      {description ? (
        <p id={`${id}-description`} className="text-sm text-muted">
          {description}
        </p>
      ) : null}
      <div aria-live="polite" className="empty:-mt-1.5">
        {error ? (
          <p id={`${id}-error`} className="text-sm text-danger">
            {error}
          </p>
        ) : null}
      </div>
    </div>
  );
}
