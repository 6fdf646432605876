"use client";

import { useId, type ComponentProps } from "react";
import { Input } from "@/app/_ui/input";

/** A class's name, new or one of those that there are. */
export function ClassInput({
  classes,
  ...rest
}: Omit<ComponentProps<typeof Input>, "list"> & { classes: readonly string[] }) {
  const list = useId();
  return (
    <>
      <Input {...rest} list={list} autoComplete="off" maxLength={200} />
      <datalist id={list}>
        {classes.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
    </>
  );
}
