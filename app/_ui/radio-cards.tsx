import { useId } from "react";

interface Props<Value extends string> {
  legend: string;
  options: readonly { value: Value; title: string; text: string }[];
  value: Value;
  onChange: (value: Value) => void;
}

/** One of a few, each with what it means. */
export function RadioCards<Value extends string>({ legend, options, value: chosen, onChange }: Props<Value>) {
  const name = useId();
  return (
    <fieldset className="grid gap-2">
      <legend className="mb-1.5 text-sm font-medium">{legend}</legend>
      {options.map(({ value, title, text }) => (
        <label
          key={value}
          className="flex cursor-pointer items-start gap-2.5 rounded-md border border-line px-3 py-2 has-checked:border-accent-solid has-checked:bg-accent-soft has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent"
        >
          <input
            type="radio"
            name={name}
            value={value}
            checked={value === chosen}
            onChange={() => onChange(value)}
            className="mt-0.5 size-4 shrink-0 accent-accent-solid outline-none"
          />
          <span className="grid">
            <span className="font-medium">{title}</span>
            <span className="text-sm text-muted">{text}</span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}
