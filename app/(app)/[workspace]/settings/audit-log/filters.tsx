import { getTranslations } from "next-intl/server";
import { Button } from "@/app/_ui/button";
import { escapeName } from "@/app/_ui/exact-name";
import { Field, type FieldControl } from "@/app/_ui/field";
import { FilterForm } from "@/app/_ui/filter-form";
import { Input } from "@/app/_ui/input";
import { LinkButton } from "@/app/_ui/link-button";
import { Select } from "@/app/_ui/select";
import { AUDIT_ACTIONS } from "@/lib/domain/audit";
import { AUDIT_GROUPS, AUDIT_ITEM_TYPES, auditGroupOf, type AuditActor } from "@/lib/domain/workspaces";
import { auditHref, isFiltered, type AuditQuery } from "@/lib/doors/workspaces/audit-query";

/** The filters of the log: who, what, about what, from when to when. The history of one item comes by a link of a row. */
export async function AuditFilters({
  workspaceSlug,
  query,
  actors,
  itemName,
}: {
  workspaceSlug: string;
  query: AuditQuery;
  actors: readonly AuditActor[];
  /** Of the item whose history it is, where an event tells it. */
  itemName: string | null;
}) {
  const t = await getTranslations("audit.filters");
  const { before: _before, after: _after, ...values } = query;
  return (
    <div className="grid gap-3">
      <FilterForm
        label={t("label")}
        path={auditHref(workspaceSlug, {})}
        values={values}
        className="flex flex-wrap items-end gap-x-2 gap-y-3"
      >
        {query.item === undefined ? null : <input type="hidden" name="item" defaultValue={query.item} />}
        <Field quiet label={t("actor")}>
          {(control) => <ActorSelect control={control} actors={actors} value={query.actor} />}
        </Field>
        <Field quiet label={t("action")}>
          {(control) => <ActionSelect control={control} value={query.action} />}
        </Field>
        {query.item === undefined ? (
          <Field quiet label={t("type")}>
            {(control) => (
              <Select {...control} name="type" defaultValue={query.type ?? ""}>
                <option value="">{t("anyItem")}</option>
                {AUDIT_ITEM_TYPES.map((type) => (
                  <option key={type} value={type}>
                    {t(`types.${type}`)}
                  </option>
                ))}
              </Select>
            )}
          </Field>
        ) : null}
        {(["from", "to"] as const).map((field) => (
          <Field key={field} quiet label={t(field)}>
            {(control) => (
              <Input
                {...control}
                type="date"
                name={field}
                defaultValue={query[field] ?? ""}
                className="w-38 max-w-full"
              />
            )}
          </Field>
        ))}
        <noscript>
          <Button type="submit">{t("apply")}</Button>
        </noscript>
      </FilterForm>
      {isFiltered(query) ? (
        <div className="flex flex-wrap items-center gap-x-3 gap-y-2 text-sm">
          {query.item === undefined ? null : (
            <p className="min-w-0 wrap-anywhere">
              {itemName === null ? t("unknownItem") : t("item", { name: itemName })}
            </p>
          )}
          <LinkButton size="sm" href={auditHref(workspaceSlug, {})}>
            {t("clear")}
          </LinkButton>
        </div>
      ) : null}
    </div>
  );
}

const ACTOR_GROUPS = [
  ["people", "USER"],
  ["keys", "API_KEY"],
  ["jobs", "SYSTEM"],
] as const;

/** Whoever is in the log. Somebody named by an address who is not stays chosen, and finds nothing. */
async function ActorSelect({
  control,
  actors,
  value,
}: {
  control: FieldControl;
  actors: readonly AuditActor[];
  value: string | undefined;
}) {
  const t = await getTranslations("audit.filters");
  const nameOf = ({ type, name, keyName }: AuditActor): string => {
    const person = escapeName(name);
    if (type !== "API_KEY") return person;
    return keyName === null ? t("lostKey", { name: person }) : t("key", { key: escapeName(keyName), name: person });
  };
  return (
    <Select {...control} name="actor" defaultValue={value ?? ""} className="sm:max-w-56">
      <option value="">{t("anybody")}</option>
      {value !== undefined && actors.every(({ id }) => id !== value) ? (
        <option value={value}>{t("unknown")}</option>
      ) : null}
      {ACTOR_GROUPS.map(([group, type]) => {
        const some = actors.filter((actor) => actor.type === type);
        return some.length === 0 ? null : (
          <optgroup key={group} label={t(group)}>
            {some.map((actor) => (
              <option key={actor.id} value={actor.id}>
                {nameOf(actor)}
              </option>
            ))}
          </optgroup>
        );
      })}
    </Select>
  );
}

async function ActionSelect({ control, value }: { control: FieldControl; value: string | undefined }) {
  const t = await getTranslations("audit");
  return (
    <Select {...control} name="action" defaultValue={value ?? ""} className="sm:max-w-56">
      <option value="">{t("filters.anything")}</option>
      {AUDIT_GROUPS.map((group) => (
        <optgroup key={group} label={t(`groups.${group}`)}>
          <option value={group}>{t("filters.everyAction", { group })}</option>
          {AUDIT_ACTIONS.filter((action) => auditGroupOf(action) === group).map((action) => (
            <option key={action} value={action}>
              {t(`actions.${action}`)}
            </option>
          ))}
        </optgroup>
      ))}
    </Select>
  );
}
