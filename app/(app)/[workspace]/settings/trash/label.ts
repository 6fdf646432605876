import type { useTranslations } from "next-intl";
import type { NamedItem } from "@/lib/domain/trash";

/** How people call an item of Trash: "digits", "digits v3", "digits v3, training 1", "12 images of digits". */
export function labelOf(
  t: ReturnType<typeof useTranslations<"trash">>,
  { type, projectName, number, trainingNumber, images }: Omit<NamedItem, "id" | "name">,
): string {
  if (type === "PROJECT") return projectName;
  if (type === "IMAGES") return t("imagesLabel", { project: projectName, count: images ?? 0 });
  const version = t("versionLabel", { project: projectName, number: number ?? 0 });
  return type === "VERSION" ? version : t("trainingLabel", { version, number: trainingNumber ?? 0 });
}
