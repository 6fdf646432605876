import { getFormatter, getTranslations } from "next-intl/server";
import { escapeName } from "@/app/_ui/exact-name";
import { LinkButton } from "@/app/_ui/link-button";
import { NotFound } from "@/app/_ui/not-found";
import { Problem } from "@/app/_ui/problem";
import { Time } from "@/app/_ui/time";
import { findHiddenHere } from "@/lib/doors/trash/hidden-item";

/** Nothing here; or, for members, what is in Trash or purged instead, with the way there or to its receipt. */
export default async function ProjectNotFound() {
  const item = await findHiddenHere();
  if (!item) return <NotFound />;
  const [t, trash, format] = [
    await getTranslations("versions.hidden"),
    await getTranslations("trash"),
    await getFormatter(),
  ];
  if (item.type === "PURGED")
    return (
      <Problem
        title={t("purgedTitle")}
        actions={
          <>
            <LinkButton href={`/${item.workspaceSlug}/${item.projectSlug}`} variant="primary">
              {t("openReceipt")}
            </LinkButton>
            <LinkButton href={`/${item.workspaceSlug}`}>{t("toProjects")}</LinkButton>
          </>
        }
      >
        <p>{t("purgedText")}</p>
      </Problem>
    );
  const values = {
    name: escapeName(item.name),
    number: String(item.number),
    until: format.dateTime(item.purgeAfter, { year: "numeric", month: "long", day: "numeric" }),
  };
  return (
    <Problem
      title={t(item.type === "PROJECT" ? "projectTitle" : "versionTitle", values)}
      actions={
        <>
          <LinkButton href={`/${item.workspaceSlug}/settings/trash`} variant="primary">
            {t("openTrash")}
          </LinkButton>
          <LinkButton href={`/${item.workspaceSlug}`}>{t("toProjects")}</LinkButton>
        </>
      }
    >
      <p>{t(item.type === "PROJECT" ? "projectText" : "versionText", values)}</p>
      <p className="mt-2">
        {t.rich(item.deletedKeyId === null ? "deletedBy" : "deletedByKey", {
          name: item.deletedByName ?? trash("deletedUser", { id: item.deletedById }),
          key: item.deletedKeyName === null ? "" : escapeName(item.deletedKeyName),
          hasKey: item.deletedKeyName === null ? "no" : "yes",
          time: () => <Time at={item.deletedAt} />,
        })}
      </p>
      {item.deletedNote === null ? null : (
        <p className="wrap-anywhere">
          {trash.rich("note", { note: escapeName(item.deletedNote), bdi: (words) => <bdi>{words}</bdi> })}
        </p>
      )}
    </Problem>
  );
}
