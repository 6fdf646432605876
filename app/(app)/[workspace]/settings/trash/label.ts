import type { useTranslations } from "next-intl";
import type { NamedItem } from "@/lib/domain/trash";

/** How people call an item of Trash: "digits", "digits v3", "digits v3, training 1". */
export function labelOf(
  t: ReturnType<typeof useTranslations<"trash">>,
  { type, projectName, number, trainingNumber }: Omit<NamedItem, "id" | "name">,
): string {
  if (type === "PROJECT") return projectName;
  const version = t("versionLabel", { project: projectName, number: number ?? 0 });
  return type === "VERSION" ? version : t("trainingLabel", { version, number: trainingNumber ?? 0 });
}
