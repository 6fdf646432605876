import type { ReactNode } from "react";
import { Shell } from "@/app/(app)/_shell/shell";
import { getNavigation } from "@/lib/domain/workspaces";
import { page } from "@/lib/doors/page";

export default async function WorkspaceLayout({
  params,
  children,
}: {
  params: Promise<{ workspace: string }>;
  children: ReactNode;
}) {
  const { workspace } = await params;
  return <Shell navigation={await page((ctx) => getNavigation(ctx, workspace))}>{children}</Shell>;
}
