"use client";

import { FileUp } from "lucide-react";
import { useFormatter, useTranslations } from "next-intl";
import { useRouter } from "next/navigation";
import { useEffect, useState } from "react";
import { Button } from "@/app/_ui/button";
import { ChooseFile, FileDrop } from "@/app/_ui/file-drop";
import { Progress } from "@/app/_ui/progress";
import { toast } from "@/app/_ui/toast";

interface Sending {
  name: string;
  /** 0 to 1; 1: it has arrived, and is looked at. */
  share: number;
  abort: () => void;
}

/** Takes a model that was made elsewhere for a version; `url` is the version under /data. */
export function HandIn({ url }: { url: string }) {
  const t = useTranslations("models");
  const format = useFormatter();
  const router = useRouter();
  const [sending, setSending] = useState<Sending | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const abort = sending?.abort;
  useEffect(() => () => abort?.(), [abort]);

  async function send(file: File): Promise<void> {
    setProblem(null);
    const answer = await post(`${url}/models`, file, (share, stop) =>
      setSending({ name: file.name, share, abort: stop }),
    );
    setSending(null);
    if (answer === "aborted") return;
    if (answer?.ok !== true) return setProblem(answer?.error ?? t("handInFailed"));
    toast(t(answer.servable ? "handedIn" : "handedInKept", { model: answer.model }));
    router.refresh();
  }

  const words =
    sending === null
      ? null
      : sending.share < 1
        ? t("handInSending", { name: sending.name, percent: format.number(sending.share, { style: "percent" }) })
        : t("handInLooking", { name: sending.name });
  return (
    <div className="grid gap-2">
      <FileDrop
        label={t("handIn")}
        accept=".onnx,.zip"
        className="flex flex-wrap items-center gap-x-4 gap-y-3 px-4 py-3"
        onFile={(file) => sending || void send(file)}
      >
        {sending ? (
          <>
            <div className="grid min-w-0 flex-1 basis-60 gap-1.5">
              <p role="status" className="text-sm break-all">
                {words}
              </p>
              <Progress value={sending.share < 1 ? sending.share : null} label={words ?? ""} />
            </div>
            <Button size="sm" onClick={sending.abort}>
              {t("handInCancel")}
            </Button>
          </>
        ) : (
          <>
            <p className="max-w-prose min-w-0 flex-1 basis-60 text-sm text-muted">{t("handInText")}</p>
            <ChooseFile>
              <FileUp aria-hidden />
              {t("handInChoose")}
            </ChooseFile>
          </>
        )}
      </FileDrop>
      <p role="alert" className="max-w-prose text-sm break-words text-danger empty:hidden">
        {problem}
      </p>
    </div>
  );
}

type Answer = { ok: true; model: string; servable: boolean } | { ok: false; error: string } | "aborted" | null;

/** fetch does not say how far an upload is. null: no answer. */
function post(url: string, file: File, onProgress: (share: number, abort: () => void) => void): Promise<Answer> {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    const stop = () => request.abort();
    request.open("POST", url);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.upload.onprogress = ({ loaded, total }) => onProgress(total > 0 ? loaded / total : 0, stop);
    request.upload.onload = () => onProgress(1, stop);
    request.onabort = () => resolve("aborted");
    request.onerror = () => resolve(null);
    request.onload = () => {
      try {
        const body = JSON.parse(request.responseText) as { modelSlug: string; servable: boolean; error?: string };
        resolve(
          request.status === 200
            ? { ok: true, model: body.modelSlug, servable: body.servable }
            : { ok: false, error: body.error ?? "" },
        );
      } catch {
        resolve(null);
      }
    };
    onProgress(0, stop);
    request.send(file);
  });
}
