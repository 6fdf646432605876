"use client";

import { createContext, useContext } from "react";
import type { NamedItem, TrashSet } from "@/lib/domain/trash";
import type { Row } from "./rows";

/** What a job says at its end: what it left, and why. */
export interface Told {
  done: number;
  items: number;
  left: { item: NamedItem; reason: string }[];
}

export type Question =
  | { kind: "purge"; rows: readonly Row[] }
  | { kind: "purge-set"; set: WholeSet }
  | { kind: "restore-set"; set: WholeSet };

/** All of Trash, or all that a view matches, whatever of it is on the page. */
export type WholeSet = Exclude<TrashSet, { items: unknown }>;

/** What could not be done, item by item, and why. */
export interface Failures {
  title: string;
  list: { label: string; reason: string }[];
}

/** What the page knows of all of Trash. */
export interface TrashFacts {
  workspaceSlug: string;
  mayPurge: boolean;
  /** What the view matches, and how many those are, where that is known; null when all of it is on the page. */
  matching: { set: WholeSet; count: number | null } | null;
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
  /** Says what came of an act: `all` of it done, or `some`, with what was left and why. */
  tell: (result: Told, said: { all: string; some: string }) => void;
}

export const DeskContext = createContext<Desk | null>(null);

export function useDesk(): Desk {
  const desk = useContext(DeskContext);
  if (!desk) throw new Error("Outside of the TrashDesk.");
  return desk;
}
