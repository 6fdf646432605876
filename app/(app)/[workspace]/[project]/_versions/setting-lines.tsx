import { useFormatter, useTranslations } from "next-intl";
import { CodeBlock } from "@/app/_ui/code-block";
import type { VersionView } from "@/lib/domain/versions";
import { listSettingSteps, type SettingStep } from "@/lib/work/versions/settings";

/** What was done to the images, in words. */
export function SettingLines({
  version,
}: {
  version: Pick<VersionView, "preprocessing" | "augmentation" | "seed" | "splitPercents">;
}) {
  const t = useTranslations("versions.settings");
  const format = useFormatter();
  const steps = listSettingSteps(version);
  if (!steps)
    return (
      <CodeBlock
        label={t("raw")}
        text={JSON.stringify({ preprocessing: version.preprocessing, augmentation: version.augmentation }, null, 2)}
      />
    );
  const say = (step: SettingStep): string => {
    switch (step.key) {
      case "autoOrient":
      case "grayscale":
        return t(step.key);
      case "remap":
        return t("remap", {
          names: format.list(
            step.classes.map(({ from, to }) => t("renamed", { from, to })),
            { type: "conjunction" },
          ),
        });
      case "staticCrop":
        return t("staticCrop", {
          left: step.left / 100,
          right: step.right / 100,
          top: step.top / 100,
          bottom: step.bottom / 100,
        });
      case "tile":
        return t("tile", { rows: step.rows, columns: step.columns });
      case "resize":
        return t("resize", { format: step.format, width: String(step.width), height: String(step.height) });
      case "contrast":
        return t("contrast", { type: step.type });
      case "crop":
        return t("crop", { min: step.min / 100, max: step.max / 100 });
      case "flip":
        return t("flip", { direction: step.direction });
      case "ninety":
        return t("ninety", {
          directions: format.list(
            step.directions.map((direction) => t("turn", { direction })),
            { type: "disjunction" },
          ),
        });
      case "rotate":
      case "hue":
        return t(step.key, { degrees: step.degrees });
      case "shear":
        return t("shear", { direction: step.direction, horizontal: step.horizontal, vertical: step.vertical });
      case "blur":
        return t("blur", { pixels: step.pixels });
      case "brightness":
        return t("brightness", { direction: step.direction, percent: step.percent / 100 });
      case "cutout":
        return t("cutout", { count: step.count, percent: step.percent / 100 });
      case "filterNull":
      case "rgrayscale":
      case "saturation":
      case "exposure":
      case "noise":
        return t(step.key, { percent: step.percent / 100 });
    }
  };
  const changes = format.list(steps.augmentation.map(say), { type: "conjunction" });
  return (
    <section aria-labelledby="settings" className="grid gap-x-8 gap-y-4 sm:grid-cols-2">
      <h3 id="settings" className="sr-only">
        {t("title")}
      </h3>
      <div className="grid content-start gap-1.5">
        <h4 className="font-semibold">{t("preprocessing")}</h4>
        {steps.preprocessing.length > 0 ? (
          <ul className="grid gap-0.5">
            {steps.preprocessing.map((step) => (
              <li key={step.key}>{say(step)}</li>
            ))}
          </ul>
        ) : (
          <p className="text-muted">{t("noPreprocessing")}</p>
        )}
      </div>
      <div className="grid content-start gap-1.5">
        <h4 className="font-semibold">{t("augmentation")}</h4>
        {steps.augmentation.length > 0 ? (
          <p>{t("outputs", { count: steps.outputs, changes })}</p>
        ) : (
          <p className="text-muted">{t("noAugmentation", { count: steps.outputs })}</p>
        )}
      </div>
      <div className="grid content-start gap-1.5">
        <h4 className="font-semibold">{t("splits")}</h4>
        {version.splitPercents ? (
          <p>{t("rebalanced", { ...version.splitPercents })}</p>
        ) : (
          <p className="text-muted">{t("splitsKept")}</p>
        )}
      </div>
      <div className="grid content-start gap-1.5">
        <h4 className="font-semibold">{t("seed")}</h4>
        <p className="tabular-nums">{version.seed}</p>
      </div>
    </section>
  );
}
