import { getTranslations } from "next-intl/server";
import { escapeName } from "@/app/_ui/exact-name";
import { Time } from "@/app/_ui/time";
import type { LeftOutFile, VersionOrigin } from "@/lib/domain/versions";
import { uploadSettings } from "@/lib/work/uploads/settings";

const MEGABYTE = 1024 ** 2;

/** Where an imported version comes from, and what of its zip is not in it. */
export async function Origin({ origin }: { origin: VersionOrigin }) {
  const t = await getTranslations("versions.origin");
  const { file, format, importedAt, workspace, project, number, left } = origin;
  const named = project === null ? null : workspace === null ? project : `${workspace}/${project}`;
  return (
    <section aria-labelledby="origin" className="grid gap-3">
      <h3 id="origin" className="font-semibold">
        {t("title")}
      </h3>
      <div className="grid gap-1">
        <p className="wrap-anywhere">
          {t.rich("from", {
            file: () => <bdi className="font-medium">{escapeName(file)}</bdi>,
            format: t(`formats.${format}`),
            time: () => <Time at={new Date(importedAt)} />,
          })}
        </p>
        {named === null ? null : (
          <p className="wrap-anywhere">
            {number === null ? t("ofProject", { project: named }) : t("of", { number: String(number), project: named })}
          </p>
        )}
        <p className="text-muted">{t("asItIs")}</p>
      </div>
      {left !== null && left.count > 0 ? <LeftOut left={left} /> : null}
    </section>
  );
}

async function LeftOut({ left: { count, files } }: { left: NonNullable<VersionOrigin["left"]> }) {
  const t = await getTranslations("versions.origin");
  const reasons = (await getTranslations("images.reasons")) as unknown as Say;
  const own = (await getTranslations("versions.origin.reasons")) as unknown as Say;
  const megabytes = uploadSettings().imageBytesMax / MEGABYTE;
  const why = ({ code, count: times, details = {} }: LeftOutFile): string => {
    const values = { count: times, megabytes, by: String(details["by"] ?? "") };
    const keys = [
      [own, code],
      [reasons, code],
      [reasons, code === "unsupported_format" ? `formats.${String(details["format"])}` : `annotations.${code}`],
    ] as const;
    const found =
      /^\w+$/.test(code) && code !== "annotations" && code !== "formats" && keys.find(([say, key]) => say.has(key));
    return found ? found[0](found[1], values) : reasons("annotations.refused", values);
  };
  return (
    <details className="group rounded-md border border-line">
      <summary className="cursor-pointer rounded-md px-3 py-2 text-sm font-medium">{t("left", { count })}</summary>
      <div role="region" aria-label={t("left", { count })} tabIndex={0} className="max-h-56 overflow-y-auto">
        <ul className="divide-y divide-line border-t border-line text-sm">
          {files.map((one, index) => (
            <li key={index} className="grid gap-x-4 px-3 py-1.5 sm:grid-cols-[minmax(0,2fr)_minmax(0,3fr)]">
              <bdi className="line-clamp-2 font-mono text-xs leading-5 break-all" title={escapeName(one.file)}>
                {escapeName(one.file)}
              </bdi>
              <span className="text-muted">{why(one)}</span>
            </li>
          ))}
          {count > files.length ? (
            <li className="px-3 py-1.5 text-muted">{t("leftMore", { count: count - files.length })}</li>
          ) : null}
        </ul>
      </div>
    </details>
  );
}

/** The codes were stored: a message's key is made of one. */
type Say = ((key: string, values: Record<string, number | string>) => string) & { has(key: string): boolean };
