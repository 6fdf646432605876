"use client";

import { useEffect } from "react";

const YEAR_SECONDS = 365 * 24 * 60 * 60;

/** Keeps something about this browser in a cookie, for the server to render right next time; nothing secret. */
export function writeCookie(name: string, value: string, seconds: number = YEAR_SECONDS): void {
  document.cookie = `${name}=${encodeURIComponent(value)}; path=/; max-age=${seconds}; samesite=lax`;
}

/** Remembers a value in the cookie `name`. */
export function Remember({ name, value }: { name: string; value: string }) {
  useEffect(() => writeCookie(name, value), [name, value]);
  return null;
}

/** Remembers the browser's time zone, so that the server renders times in it. */
export function RememberTimeZone({ name }: { name: string }) {
  useEffect(() => writeCookie(name, new Intl.DateTimeFormat().resolvedOptions().timeZone), [name]);
  return null;
}
