import { NextIntlClientProvider, type Messages } from "next-intl";
import { getMessages } from "next-intl/server";
import type { ReactNode } from "react";

/** Namespaces that every client component may use: the root layout sends these and no other. */
const EVERYWHERE = ["common", "problems"] as const satisfies readonly (keyof Messages)[];

/**
 * Sends messages to the client components within: those everywhere and the `namespaces` named. A page wraps its client
 * leaves in it, so that no page carries the words of another. It replaces what an outer one sent.
 */
export async function ClientMessages({
  namespaces = [],
  children,
}: {
  namespaces?: readonly (keyof Messages)[];
  children: ReactNode;
}) {
  const messages = await getMessages();
  const sent = Object.fromEntries([...EVERYWHERE, ...namespaces].map((name) => [name, messages[name]]));
  return <NextIntlClientProvider messages={sent}>{children}</NextIntlClientProvider>;
}
