"use client";

import { lazy, Suspense, useSyncExternalStore } from "react";
import type { Message } from "./toaster";

const MESSAGE_MS = 6_000;
/** Time to read, reach it by keyboard (Alt+T, then Tab) and decide. */
const ACTION_MS = 20_000;

// Most pages never toast, so what shows them is loaded with the first one; until it is there, messages wait here.
const Toaster = lazy(async () => ({ default: (await import("./toaster")).Toaster }));
const waiting: Message[] = [];
let show: ((message: Message) => void) | null = null;
let wake: (() => void) | null = null;
let wanted = false;

const listen = (shower: (message: Message) => void): void => void (show = shower);

function send(message: Message): void {
  if (show) return show(message);
  waiting.push(message);
  wanted = true;
  wake?.();
}

function subscribe(changed: () => void): () => void {
  wake = changed;
  return () => (wake = null);
}

/** The place for toasts: once, in the root layout, so that they outlive the page that sent them. */
export function ToastHost() {
  const needed = useSyncExternalStore(
    subscribe,
    () => wanted,
    () => false,
  );
  return needed ? (
    <Suspense>
      <Toaster waiting={waiting} listen={listen} />
    </Suspense>
  ) : null;
}

/** Says what happened, with the object's name: `toast('Restored "digits v3"')`. */
export function toast(text: string): void {
  send({ text, error: false, durationMs: MESSAGE_MS });
}

/** Says what did not work and what to do next; it stays longer. */
export function toastError(text: string): void {
  send({ text, error: true, durationMs: ACTION_MS });
}

/** The same with one thing to do about it, such as Undo. It lives 20 s, longer while pointed at, and is gone once used. */
export function toastWithAction(text: string, action: { label: string; run: () => void }): void {
  send({ text, error: false, durationMs: ACTION_MS, action });
}
