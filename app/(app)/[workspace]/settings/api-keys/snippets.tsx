"use client";

import { useTranslations } from "next-intl";
import { CodeBlock } from "@/app/_ui/code-block";

/** The key in use, ready to paste: where the API is, then the official Python SDK, its CLI, and curl. */
export function Snippets({ apiKey, workspaceSlug, apiUrl }: { apiKey: string; workspaceSlug: string; apiUrl: string }) {
  const t = useTranslations("keys");
  const snippets = [
    { title: t("snippets.environment"), text: `export API_URL=${apiUrl}\nexport ROBOFLOW_API_KEY=${apiKey}` },
    {
      title: t("snippets.python"),
      text: `import roboflow\n\nworkspace = roboflow.Roboflow().workspace("${workspaceSlug}")\nprint(workspace.projects())`,
    },
    { title: t("snippets.cli"), text: `roboflow trash list --workspace ${workspaceSlug}` },
    {
      title: t("snippets.curl"),
      text: `curl -H "Authorization: Bearer $ROBOFLOW_API_KEY" "$API_URL/${workspaceSlug}"`,
    },
  ];
  return (
    <div className="grid gap-3">
      {snippets.map(({ title, text }) => (
        <div key={title} className="grid gap-1">
          <h3 className="text-sm font-medium">{title}</h3>
          <CodeBlock text={text} label={title} copyLabel={t("copySnippet", { title })} />
        </div>
      ))}
    </div>
  );
}
