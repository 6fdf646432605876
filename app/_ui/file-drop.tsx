"use client";

import { createContext, useContext, useRef, useState, type ReactNode, type RefObject } from "react";
import { Button } from "./button";
import { cn } from "./class-names";

const Chooser = createContext<RefObject<HTMLInputElement | null> | null>(null);

/** A place that one file is dropped on, or chosen for with the ChooseFile that stands in it. */
export function FileDrop({
  label,
  accept,
  className,
  onFile,
  children,
}: {
  label: string;
  accept: string;
  className?: string;
  onFile: (file: File) => void;
  children: ReactNode;
}) {
  const input = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  return (
    <Chooser value={input}>
      <div
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={(event) => {
          event.preventDefault();
          setOver(false);
          const [file] = event.dataTransfer.files;
          if (file) onFile(file);
        }}
        className={cn(
          "rounded-lg border border-dashed",
          over ? "border-accent-solid bg-accent-soft" : "border-line",
          className,
        )}
      >
        {children}
      </div>
      <input
        ref={input}
        type="file"
        hidden
        accept={accept}
        aria-label={label}
        onChange={({ target }) => {
          const [file] = target.files ?? [];
          target.value = ""; // the same file may be chosen again
          if (file) onFile(file);
        }}
      />
    </Chooser>
  );
}

/** Opens the chooser of the FileDrop that it stands in. */
export function ChooseFile({ children }: { children: ReactNode }) {
  const input = useContext(Chooser);
  return (
    <Button size="sm" onClick={() => input?.current?.click()}>
      {children}
    </Button>
  );
}
