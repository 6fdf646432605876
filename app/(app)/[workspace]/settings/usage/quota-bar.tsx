import { useTranslations } from "next-intl";
import { cn } from "@/app/_ui/class-names";
import { Bytes, Count } from "@/app/_ui/number";
import type { Holding } from "@/lib/domain/workspaces";

/** The quota as one bar: live, in Trash, and what is free. The legend says the same in figures. */
export function QuotaBar({ live, trash, quota }: { live: Holding; trash: Holding; quota: number }) {
  const t = useTranslations("usage");
  const whole = Math.max(quota, live.images + trash.images, 1);
  const parts = [
    { key: "live", label: t("live"), images: live.images, bytes: live.bytes, tone: "bg-train" },
    { key: "trash", label: t("inTrash"), images: trash.images, bytes: trash.bytes, tone: "bg-test" },
    {
      key: "free",
      label: t("free"),
      images: Math.max(quota - live.images - trash.images, 0),
      bytes: null,
      tone: "bg-hover",
    },
  ];
  return (
    <div className="grid gap-3">
      <div aria-hidden className="flex h-3 gap-0.5 overflow-hidden rounded-full bg-hover">
        {parts.map(({ key, images, tone }) =>
          key !== "free" && images > 0 ? (
            <div key={key} className={tone} style={{ width: `${(images / whole) * 100}%`, minWidth: 3 }} />
          ) : null,
        )}
      </div>
      <ul className="flex flex-wrap gap-x-8 gap-y-2">
        {parts.map(({ key, label, images, bytes, tone }) => (
          <li key={key} className="grid grid-cols-[auto_1fr] items-baseline gap-x-2">
            <span aria-hidden className={cn("size-2 rounded-full", tone, key === "free" && "border border-control")} />
            <span className="text-sm text-muted">{label}</span>
            <span className="col-start-2">
              <Count value={images} />
              {bytes === null ? null : (
                <span className="text-sm text-muted">
                  {" · "}
                  <Bytes value={bytes} />
                </span>
              )}
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}
