"use client";

import { createContext, useContext } from "react";
import type { Row } from "./rows";

/** What became of one item; `reason` says why not. */
export interface Result {
  type: Row["type"];
  id: string;
  name: string;
  reason: string | null;
}

export type Question = { kind: "purge"; rows: readonly Row[] } | { kind: "empty" } | { kind: "restore-all" };

/** What could not be done, item by item, and why. */
export interface Failures {
  title: string;
  list: { label: string; reason: string }[];
}

/** What the page knows of all of Trash. */
export interface TrashFacts {
  workspaceSlug: string;
  mayPurge: boolean;
  /** Of all of Trash. */
  summary: { items: number; images: number; bytes: number };
}

/** What the rows of Trash share, and its dialogs. */
export interface Desk extends TrashFacts {
  rows: readonly Row[];
  selected: ReadonlySet<string>;
  select: (ids: readonly string[], chosen: boolean) => void;
  /** What is being restored now. */
  restoring: ReadonlySet<string>;
  restore: (rows: readonly Row[], from?: string) => void;
  ask: (question: Question) => void;
  /** Tells the results of an act on several items, and where focus belongs once their rows are gone. */
  report: (
    results: readonly Result[],
    said: (done: readonly Row[]) => string,
    partly: (done: number) => string,
  ) => void;
}

export const DeskContext = createContext<Desk | null>(null);

export function useDesk(): Desk {
  const desk = useContext(DeskContext);
  if (!desk) throw new Error("Outside of the TrashDesk.");
  return desk;
}
