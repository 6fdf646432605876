import type { ReactNode } from "react";
import { requireContext } from "@/lib/doors/session";

/** Everything in here is for people who are signed in. */
export default async function AppLayout({ children }: { children: ReactNode }) {
  await requireContext();
  return children;
}
