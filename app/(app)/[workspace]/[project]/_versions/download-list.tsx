"use client";

import { Download } from "lucide-react";
import { useLocale, useTranslations } from "next-intl";
import { useEffect, useRef, useState } from "react";
import { Button, buttonStyle } from "@/app/_ui/button";
import { formatBytes } from "@/app/_ui/number";
import { Progress } from "@/app/_ui/progress";
import { Skeleton } from "@/app/_ui/skeleton";
import type { ExportState } from "@/lib/work/exports/answers";

const POLL_MS = 1_000;
const FAILURES = ["worker_lost", "files_damaged", "failed"] as const;

const isUnderWay = ({ status }: ExportState): boolean => status === "QUEUED" || status === "RUNNING";

/**
 * The formats of a version, and how far each is, asked anew while one is being made. What somebody had prepared here
 * downloads by itself once it is ready.
 */
export function DownloadList({ url }: { url: string }) {
  const t = useTranslations("versions.downloads");
  const [exports, setExports] = useState<ExportState[] | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [attempt, setAttempt] = useState(0);
  const [started, setStarted] = useState("");
  const asked = useRef(new Set<string>());
  const busy = exports?.some(isUnderWay) ?? false;

  useEffect(() => {
    const controller = new AbortController();
    const read = () =>
      ask<{ exports: ExportState[] }>(`${url}/exports`, { signal: controller.signal }).then(
        (answer) => {
          setProblem(null);
          setExports(answer.exports);
        },
        (error: unknown) =>
          controller.signal.aborted || setProblem(error instanceof Refused ? error.message : t("unreachable")),
      );
    void read();
    const timer = busy ? setInterval(() => void read(), POLL_MS) : null;
    return () => {
      controller.abort();
      if (timer !== null) clearInterval(timer);
    };
  }, [url, busy, attempt, t]);

  useEffect(() => {
    for (const { format, status } of exports ?? []) {
      if (status !== "READY" || !asked.current.delete(format)) continue;
      setStarted(t("started", { format: t(`formats.${format}.title`) }));
      save(`${url}/exports/${format}/download`);
    }
  }, [exports, url, t]);

  async function prepare(format: ExportState["format"]): Promise<void> {
    asked.current.add(format);
    try {
      const state = await ask<ExportState>(`${url}/exports/${format}`, { method: "POST" });
      setProblem(null);
      setExports((known) => known?.map((other) => (other.format === format ? state : other)) ?? null);
    } catch (error) {
      asked.current.delete(format);
      setProblem(error instanceof Refused ? error.message : t("unreachable"));
    }
  }

  return (
    <div className="grid">
      {exports === null && problem === null ? (
        <div role="status" aria-label={t("loading")} className="p-4">
          <Skeleton className="h-10" />
        </div>
      ) : null}
      {exports === null ? null : exports.length === 0 ? (
        <p className="p-4 text-muted">{t("none")}</p>
      ) : (
        <ul aria-label={t("title")} className="divide-y divide-line">
          {exports.map((state) => (
            <Format
              key={state.format}
              state={state}
              href={`${url}/exports/${state.format}/download`}
              onPrepare={() => prepare(state.format)}
            />
          ))}
        </ul>
      )}
      <p role="status" className="sr-only">
        {started}
      </p>
      {problem === null ? null : (
        <div
          role="alert"
          className="flex items-center justify-between gap-3 border-t border-line p-4 text-sm text-danger"
        >
          {problem}
          <Button size="sm" onClick={() => setAttempt(attempt + 1)}>
            {t("tryAgain")}
          </Button>
        </div>
      )}
    </div>
  );
}

function Format({ state, href, onPrepare }: { state: ExportState; href: string; onPrepare: () => Promise<void> }) {
  const t = useTranslations("versions.downloads");
  const locale = useLocale();
  const [pending, setPending] = useState(false);
  const { format, status, progress, sizeBytes, failureReason } = state;
  const title = t(`formats.${format}.title`);
  const prepare = () => {
    setPending(true);
    void onPrepare().finally(() => setPending(false));
  };
  return (
    <li className="grid gap-2 px-4 py-3">
      <div className="flex items-center justify-between gap-4">
        <div className="grid min-w-0 gap-0.5">
          <p className="font-medium">{title}</p>
          <p className="text-sm text-muted">{t(`formats.${format}.help`)}</p>
        </div>
        {status === "READY" ? (
          <a
            href={href}
            download
            aria-label={t("downloadLabel", { format: title, size: formatBytes(locale, sizeBytes) })}
            className={buttonStyle({ size: "sm" })}
          >
            <Download aria-hidden />
            {formatBytes(locale, sizeBytes)}
          </a>
        ) : isUnderWay(state) ? null : (
          <Button
            size="sm"
            pending={pending}
            aria-label={t(status === "FAILED" ? "tryAgainLabel" : "prepareLabel", { format: title })}
            onClick={prepare}
          >
            {t(status === "FAILED" ? "tryAgain" : "prepare")}
          </Button>
        )}
      </div>
      {isUnderWay(state) ? (
        <div className="grid gap-1">
          <Progress value={status === "QUEUED" ? null : progress} label={t("preparingLabel", { format: title })} />
          <p className="text-sm text-muted">{status === "QUEUED" ? t("queued") : t("preparing", { progress })}</p>
        </div>
      ) : null}
      {status === "FAILED" ? (
        <p className="text-sm text-danger">
          {t(`failures.${FAILURES.find((known) => known === failureReason) ?? "failed"}`)}
        </p>
      ) : null}
    </li>
  );
}

/** The server's own sentence. */
class Refused extends Error {
  override readonly name = "Refused";
}

async function ask<T>(url: string, init: RequestInit): Promise<T> {
  const response = await fetch(url, { ...init, cache: "no-store" });
  if (response.ok) return response.json();
  const { error }: { error: string } = await response.json();
  throw new Refused(error);
}

/** As if the link had been pressed: the answer is saved, the page stays. */
function save(url: string): void {
  const link = document.createElement("a");
  link.href = url;
  link.download = "";
  document.body.append(link);
  link.click();
  link.remove();
}
