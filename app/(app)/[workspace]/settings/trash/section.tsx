import { getTranslations } from "next-intl/server";
import { escapeName } from "@/app/_ui/exact-name";
import { LinkButton } from "@/app/_ui/link-button";
import { Bytes } from "@/app/_ui/number";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/app/_ui/table";
import { TextLink } from "@/app/_ui/text-link";
import { Time } from "@/app/_ui/time";
import type { ListedItem, TrashOverview, TrashSection } from "@/lib/domain/trash";
import { removalHref } from "./removal-href";
import { RestoreButton, RestoreParentButton, RowMenu, SelectRow, SelectSection } from "./row-controls";
import { Thumbnail } from "./thumbnail";
import { trashHref, type TrashQuery } from "./view-query";

/** Columns that only a wide place has; on a narrow one, the line under the name says the same. */
const WIDE = "hidden @4xl:table-cell";
/** The sections are tables of their own, and look like one. */
const TABLE = "@4xl:table-fixed";

/** One type of what is in Trash. */
export async function Section({
  overview,
  section,
  query,
}: {
  overview: TrashOverview;
  section: TrashSection;
  query: TrashQuery;
}) {
  const t = await getTranslations("trash");
  const { type, items, previousCursor, nextCursor, unfinished, total } = section;
  const { mayRestore, workspace } = overview;
  const at = (cursor: string | undefined) =>
    `${trashHref(workspace.slug, { ...query, cursors: { ...query.cursors, [type]: cursor } })}#${type}`;
  return (
    <div className="@container grid gap-2">
      <h2 id={type} className="flex scroll-mt-16 items-baseline gap-2 font-semibold">
        {t(`types.${type}`)}
        {total === null ? null : (
          <span className="text-sm font-normal text-muted tabular-nums">
            {total.more ? t("totalMore", { count: total.count }) : t("total", { count: total.count })}
          </span>
        )}
      </h2>
      {items.length > 0 ? (
        <Table label={t(`types.${type}`)} className={TABLE}>
          <TableHead>
            <TableRow>
              {mayRestore ? (
                <TableHeader className="w-7 pr-0 @4xl:w-10">
                  <SelectSection type={type} />
                </TableHeader>
              ) : null}
              <TableHeader>{t("columns.name")}</TableHeader>
              <TableHeader className={`${WIDE} w-34`}>{t("columns.deletedBy")}</TableHeader>
              <TableHeader className={`${WIDE} w-44`}>{t("columns.deleted")}</TableHeader>
              <TableHeader className={`${WIDE} w-32`}>{t("columns.daysLeft")}</TableHeader>
              <TableHeader numeric className={`${WIDE} w-30`}>
                {t("columns.frees")}
              </TableHeader>
              {mayRestore ? (
                <TableHeader className="w-34">
                  <span className="sr-only">{t("columns.actions")}</span>
                </TableHeader>
              ) : null}
            </TableRow>
          </TableHead>
          <TableBody>
            {items.map((item) => (
              <ItemRow key={item.id} item={item} overview={overview} />
            ))}
          </TableBody>
        </Table>
      ) : (
        <p className="text-muted">{t("noneSoFar")}</p>
      )}
      {unfinished ? <p className="text-sm text-muted">{t("unfinished")}</p> : null}
      {previousCursor !== null || nextCursor !== null ? (
        <nav aria-label={t("pages", { type })} className="flex flex-wrap gap-2">
          {previousCursor !== null ? (
            <>
              <LinkButton size="sm" variant="ghost" href={at(undefined)}>
                {t("fromTheBeginning")}
              </LinkButton>
              <LinkButton size="sm" href={at(previousCursor)}>
                {t("previous", { type })}
              </LinkButton>
            </>
          ) : null}
          {nextCursor !== null ? (
            <LinkButton size="sm" href={at(nextCursor)}>
              {unfinished ? t("lookFurther", { type }) : t("next", { type })}
            </LinkButton>
          ) : null}
        </nav>
      ) : null}
    </div>
  );
}

async function ItemRow({ item, overview }: { item: ListedItem; overview: TrashOverview }) {
  const t = await getTranslations("trash");
  const { mayRestore, mayPurge, workspace } = overview;
  const { id, type, number, projectName, projectSlug, blockedBy } = item;
  const reasonId = blockedBy === null ? undefined : `blocked-${id}`;
  const parent =
    blockedBy === "VERSION" ? t("versionLabel", { project: projectName, number: number ?? 0 }) : projectName;
  const imagesLink = (
    <TextLink href={removalHref(workspace.slug, id)}>
      {t("imagesLabel", { project: projectName, count: item.images ?? 0 })}
    </TextLink>
  );
  const deletedBy = item.deletedByName ?? t("deletedUser", { id: item.deletedById });
  const withKey =
    item.deletedKeyId === null
      ? null
      : item.deletedKeyName === null
        ? t("withLostKey")
        : t("withKey", { key: escapeName(item.deletedKeyName) });
  return (
    <TableRow id={`item-${id}`} className="has-[td_[data-state=checked]]:bg-accent-soft">
      {mayRestore ? (
        <TableCell className="pr-0 align-top">
          <span className="flex h-8 items-center">
            <SelectRow id={id} />
          </span>
        </TableCell>
      ) : null}
      <TableHeader scope="row" className="align-top font-normal">
        <div className="flex min-w-0 gap-3">
          <Thumbnail
            className="@max-md:hidden"
            type={type}
            version={
              type === "VERSION" && number !== null ? { workspaceSlug: workspace.slug, projectSlug, number } : null
            }
          />
          <div className="grid min-w-0 grow justify-items-start @4xl:min-h-8 @4xl:content-center">
            <bdi className="max-w-full font-medium break-words">
              {type === "TRAINING"
                ? t("training", { number: item.trainingNumber ?? 0 })
                : type === "IMAGES"
                  ? imagesLink
                  : item.name}
            </bdi>
            {type === "VERSION" || type === "TRAINING" ? (
              <bdi className="max-w-full text-muted break-words">
                {t("versionLabel", { project: projectName, number: number ?? 0 })}
              </bdi>
            ) : null}
            <div className="grid max-w-full text-muted @4xl:hidden">
              <TimeLeft item={item} alone />
              <Frees loss={item.loss} />
              <span className="flex max-w-full flex-wrap gap-x-2">
                <span className="max-w-full truncate">{t("deletedByLine", { name: deletedBy })}</span>
                {withKey === null ? null : <span className="max-w-full truncate">{withKey}</span>}
                <Time at={item.deletedAt} format="date" />
              </span>
            </div>
            {item.deletedNote === null ? null : (
              <p className="max-w-full text-muted wrap-anywhere">
                {t.rich("note", { note: escapeName(item.deletedNote), bdi: (words) => <bdi>{words}</bdi> })}
              </p>
            )}
            {blockedBy !== null ? (
              <div className="mt-0.5 grid justify-items-start">
                <p id={reasonId} className="text-muted">
                  {t("blocked", { by: blockedBy, name: parent })}
                </p>
                {mayRestore ? <RestoreParentButton id={id} label={parent} /> : null}
              </div>
            ) : null}
          </div>
        </div>
      </TableHeader>
      <TableCell className={`${WIDE} align-top`}>
        <span className="block py-1.5">
          <span className="block truncate" title={deletedBy}>
            {deletedBy}
          </span>
          {withKey === null ? null : <span className="block text-xs text-muted wrap-anywhere">{withKey}</span>}
        </span>
      </TableCell>
      <TableCell className={`${WIDE} align-top`}>
        <span className="block py-1.5">
          <Time at={item.deletedAt} />
        </span>
      </TableCell>
      <TableCell className={`${WIDE} align-top`}>
        <span className="block py-1.5">
          <TimeLeft item={item} />
        </span>
      </TableCell>
      <TableCell numeric className={`${WIDE} align-top`}>
        <span className="block py-1.5">
          <Frees loss={item.loss} stacked />
        </span>
      </TableCell>
      {mayRestore ? (
        <TableCell className="pl-0 align-top">
          <div className="flex h-8 items-center justify-end gap-1">
            <RestoreButton id={id} reasonId={reasonId} />
            {mayPurge ? <RowMenu id={id} /> : null}
          </div>
        </TableCell>
      ) : null}
    </TableRow>
  );
}

/** Days left in words, the exact instant on hover and for screen readers; amber when it runs out. `alone` where no column names it. */
async function TimeLeft({ item, alone = false }: { item: ListedItem; alone?: boolean }) {
  const t = await getTranslations("trash");
  const { unit, value, urgent } = item.timeLeft;
  const iso = item.purgeAfter.toISOString();
  return (
    <span
      title={`${iso.slice(0, 19).replace("T", " ")} UTC`}
      className={urgent ? "relative font-medium text-warn" : "relative"}
    >
      {t(alone ? `timeLeftAlone.${unit}` : `timeLeft.${unit}`, { count: value })}
      <span className="sr-only">
        {" · "}
        {t.rich("purgeAt", { time: () => <Time at={item.purgeAfter} /> })}
      </span>
    </span>
  );
}

async function Frees({ loss, stacked = false }: { loss: ListedItem["loss"]; stacked?: boolean }) {
  const t = await getTranslations("common");
  const images = loss.images > 0 ? t("images", { count: loss.images }) : null;
  if (!stacked) {
    return (
      <span>
        {images ? `${images} · ` : null}
        <Bytes value={loss.bytes} />
      </span>
    );
  }
  return (
    <>
      {images ? <span className="block">{images}</span> : null}
      <span className={images ? "block text-xs text-muted" : "block"}>
        <Bytes value={loss.bytes} />
      </span>
    </>
  );
}
