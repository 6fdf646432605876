import { useTranslations } from "next-intl";
import { LinkButton } from "./link-button";
import { Problem } from "./problem";

/** What the 403 pages say, with and without the shell around them. */
export function Forbidden() {
  const t = useTranslations("problems");
  return (
    <Problem title={t("forbiddenTitle")} actions={<LinkButton href="/">{t("toProjects")}</LinkButton>}>
      <p>{t("forbiddenText")}</p>
    </Problem>
  );
}
