import { useTranslations } from "next-intl";
import { LinkButton } from "./link-button";
import { Problem } from "./problem";

/** What the 404 pages say, with and without the shell around them. */
export function NotFound() {
  const t = useTranslations("problems");
  return (
    <Problem title={t("notFoundTitle")} actions={<LinkButton href="/">{t("toProjects")}</LinkButton>}>
      <p>{t("notFoundText")}</p>
    </Problem>
  );
}
