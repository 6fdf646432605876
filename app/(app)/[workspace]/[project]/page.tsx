import type { Metadata } from "next";
import { PurgedPage } from "../_receipts/purged-page";
import { readVersions } from "./_versions/read";
import { VersionsView } from "./_versions/versions-view";

interface Props {
  params: Promise<{ workspace: string; project: string }>;
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const { workspace, project } = await params;
  const read = await readVersions(workspace, project, null);
  return read.ok ? { title: read.data.project.name } : {};
}

/** A project: its versions, the newest chosen. */
export default async function ProjectPage({ params }: Props) {
  const { workspace, project } = await params;
  const read = await readVersions(workspace, project, null);
  if (!read.ok) return <PurgedPage workspaceSlug={workspace} receiptId={String(read.error.details["receiptId"])} />;
  return <VersionsView data={read.data} picked={false} />;
}
