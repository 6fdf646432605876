import type { Metadata } from "next";
import { PurgedPage } from "../../_receipts/purged-page";
import { readVersions } from "../_versions/read";
import { VersionsView } from "../_versions/versions-view";

interface Props {
  params: Promise<{ workspace: string; project: string; version: string }>;
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const { workspace, project, version } = await params;
  const read = await readVersions(workspace, project, version);
  return read.ok ? { title: `${read.data.chosen?.name ?? ""} v${version} · ${read.data.project.name}` } : {};
}

/** The versions of a project with one of them chosen. */
export default async function VersionPage({ params }: Props) {
  const { workspace, project, version } = await params;
  const read = await readVersions(workspace, project, version);
  if (!read.ok) return <PurgedPage workspaceSlug={workspace} receiptId={String(read.error.details["receiptId"])} />;
  return <VersionsView data={read.data} picked />;
}
