"use client";

import { Plus } from "lucide-react";
import { useState, type ReactNode } from "react";
import { Button } from "./button";
import { Dialog, DialogTrigger } from "./dialog";

/** A button that makes something new in a dialog. What the dialog holds begins anew each time it opens. */
export function NewDialog({ label, children }: { label: string; children: (close: () => void) => ReactNode }) {
  const [open, setOpen] = useState(false);
  return (
    <Dialog open={open} onOpenChange={setOpen}>
      <DialogTrigger asChild>
        <Button variant="primary">
          <Plus aria-hidden />
          {label}
        </Button>
      </DialogTrigger>
      {open ? children(() => setOpen(false)) : null}
    </Dialog>
  );
}
