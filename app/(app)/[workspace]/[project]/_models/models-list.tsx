import { useFormatter, useLocale, useTranslations } from "next-intl";
import { Badge } from "@/app/_ui/badge";
import { CodeBlock } from "@/app/_ui/code-block";
import { escapeName } from "@/app/_ui/exact-name";
import { Bytes, formatBytes } from "@/app/_ui/number";
import { TextLink } from "@/app/_ui/text-link";
import { Time } from "@/app/_ui/time";
import type { ModelView } from "@/lib/domain/trainings";
import { ChooseModel } from "./choose-model";
import { formatDuration, readMetrics } from "./metrics";

interface Props {
  workspaceSlug: string;
  models: readonly ModelView[];
  /** Where programs ask them. */
  apiUrl: string;
  mayChoose: boolean;
  /** Each names its version: they are of several. */
  ofProject?: boolean;
}

/** Models with what was measured of them and how to ask them. What is in Trash is not here. */
export function ModelsList({ workspaceSlug, models, apiUrl, mayChoose, ofProject = false }: Props) {
  const t = useTranslations("models");
  if (models.length === 0) return <p className="text-muted">{t("none")}</p>;
  return (
    <ul aria-label={t("title")} className="divide-y divide-line rounded-lg border border-line">
      {models.map((model) => (
        <li key={model.slug} className="grid gap-2 px-3 py-3">
          <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
            <code className="min-w-0 font-mono text-sm font-medium break-all">{`${workspaceSlug}/${model.slug}`}</code>
            <Badge tone={model.servable ? "ok" : "neutral"}>{t(model.servable ? "serving" : "kept")}</Badge>
            {model.isDefault ? <Badge tone="accent">{t("default")}</Badge> : null}
            {mayChoose && model.servable && !model.isDefault ? (
              <div className="ml-auto">
                <ChooseModel
                  version={{ workspaceSlug, projectSlug: model.projectSlug, number: model.versionNumber }}
                  modelSlug={model.slug}
                />
              </div>
            ) : null}
          </div>
          <Origin workspaceSlug={workspaceSlug} model={model} ofProject={ofProject} />
          <Measured workspaceSlug={workspaceSlug} model={model} />
          {model.servable ? (
            <details>
              <summary className="w-fit cursor-pointer rounded-sm text-sm text-accent">{t("call")}</summary>
              <div className="mt-2 grid gap-1.5">
                <p className="text-sm text-muted">
                  {model.isDefault
                    ? t("callDefault", { path: `${model.projectSlug}/${model.versionNumber}` })
                    : t("callByName")}
                </p>
                <CodeBlock
                  text={curl(apiUrl, workspaceSlug, model)}
                  label={t("callOf", { model: model.slug })}
                  copyLabel={t("copyCall", { model: model.slug })}
                />
              </div>
            </details>
          ) : (
            <p className="max-w-prose text-sm text-muted">
              {t.rich("keptText", { code: (text) => <code className="font-mono break-words">{text}</code> })}
            </p>
          )}
        </li>
      ))}
    </ul>
  );
}

/** The default one by its version, as `project/n`; any other by its own name. */
function curl(
  apiUrl: string,
  workspaceSlug: string,
  { isDefault, projectSlug, versionNumber, slug }: ModelView,
): string {
  const name = isDefault ? `${projectSlug}/${versionNumber}` : `${workspaceSlug}/${slug}`;
  return `curl -X POST "${apiUrl}/infer/${name}?api_key=$API_KEY" \\\n  -F file=@image.png`;
}

function Origin({ workspaceSlug, model, ofProject }: { workspaceSlug: string; model: ModelView; ofProject: boolean }) {
  const t = useTranslations("models");
  const { projectSlug, versionNumber, versionName, trainingNumber, createdAt, calls } = model;
  const number = String(trainingNumber);
  return (
    <p className="text-sm text-muted">
      {ofProject
        ? t.rich(model.handedIn ? "fromHandInVersion" : "fromVersion", {
            number,
            version: () => (
              <TextLink href={`/${workspaceSlug}/${projectSlug}/${versionNumber}`}>
                <bdi>{escapeName(versionName)}</bdi> {t("versionNumber", { number: String(versionNumber) })}
              </TextLink>
            ),
          })
        : t(model.handedIn ? "fromHandIn" : "from", { number })}
      {" · "}
      <Time at={createdAt} format="relative" />
      {" · "}
      {t("calls", { calls })}
    </p>
  );
}

function Measured({ workspaceSlug, model }: { workspaceSlug: string; model: ModelView }) {
  const t = useTranslations("models");
  const [format, locale] = [useFormatter(), useLocale()];
  const { accuracy, measuredOn, images, elapsedMs, others } = readMetrics(model.metrics);
  return (
    <dl className="flex flex-wrap gap-x-5 gap-y-1 text-sm tabular-nums [&>div]:flex [&>div]:gap-1.5 [&_dt]:text-muted">
      {model.handedIn && accuracy === null ? null : (
        <div>
          <dt>{t("accuracy")}</dt>
          <dd>
            {accuracy === null
              ? t("notMeasured")
              : format.number(accuracy, { style: "percent", maximumFractionDigits: 1 })}
            {accuracy !== null && measuredOn !== null && images !== null ? (
              <span className="text-muted"> {t(`measuredOn.${measuredOn}`, { count: images[measuredOn] })}</span>
            ) : null}
          </dd>
        </div>
      )}
      {images === null ? null : (
        <div>
          <dt>{t("trainedOn")}</dt>
          <dd>{t("images", { count: images.train })}</dd>
        </div>
      )}
      {elapsedMs === null ? null : (
        <div>
          <dt>{t("time")}</dt>
          <dd>{formatDuration(locale, elapsedMs)}</dd>
        </div>
      )}
      {others.map(([name, value]) => (
        <div key={name}>
          <dt className="font-mono">{name}</dt>
          <dd>{format.number(value, { maximumSignificantDigits: 4 })}</dd>
        </div>
      ))}
      <div>
        <dt>{t("weights")}</dt>
        <dd>
          <a
            href={`/data/${workspaceSlug}/${model.projectSlug}/${model.versionNumber}/models/${model.slug}/weights`}
            download
            aria-label={t("weightsOf", { model: model.slug, size: formatBytes(locale, model.sizeBytes) })}
            className="rounded-sm text-accent underline underline-offset-2"
          >
            <Bytes value={model.sizeBytes} />
          </a>
        </dd>
      </div>
    </dl>
  );
}
