"use client";

import { useTranslations } from "next-intl";
import { Input } from "@/app/_ui/input";

/** A new name for each class; several classes that get one name become one. */
export function RemapTable({
  classes,
  renamed,
  onChange,
}: {
  classes: readonly string[];
  renamed: Readonly<Record<string, string>>;
  onChange: (renamed: Readonly<Record<string, string>>) => void;
}) {
  const t = useTranslations("generate");
  if (classes.length === 0) return <p className="text-sm text-muted">{t("noClasses")}</p>;
  return (
    <div
      role="region"
      aria-label={t("steps.remap.title")}
      tabIndex={0}
      className="max-h-72 overflow-y-auto rounded-md border border-line"
    >
      <table className="w-full text-left text-sm">
        <thead className="bg-panel text-muted">
          <tr>
            <th scope="col" className="px-3 py-1.5 font-medium">
              {t("class")}
            </th>
            <th scope="col" className="px-3 py-1.5 font-medium">
              {t("newName")}
            </th>
          </tr>
        </thead>
        <tbody>
          {classes.map((name) => (
            <tr key={name} className="border-t">
              <th scope="row" className="w-1/2 max-w-40 truncate px-3 py-1.5 font-normal">
                <bdi title={name}>{name}</bdi>
              </th>
              <td className="px-3 py-1.5">
                <Input
                  aria-label={t("newNameOf", { name })}
                  value={renamed[name] ?? ""}
                  placeholder={name}
                  maxLength={200}
                  autoComplete="off"
                  spellCheck={false}
                  onChange={({ target }) => onChange({ ...renamed, [name]: target.value })}
                />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
