import { getTranslations } from "next-intl/server";
import { LinkButton } from "@/app/_ui/link-button";
import { Frame } from "../frame";

/** A link that was used, is too old, or never was: nobody learns which. */
export default async function InviteNotFound() {
  const t = await getTranslations("auth");
  return (
    <Frame title={t("invite.goneTitle")}>
      <p className="text-muted">{t("invite.goneText")}</p>
      <LinkButton href="/sign-in" className="w-full">
        {t("signIn")}
      </LinkButton>
    </Frame>
  );
}
