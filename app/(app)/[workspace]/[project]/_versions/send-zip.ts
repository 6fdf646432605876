import { z } from "zod";

/** What the server made of a zip. Without a message there was no answer. */
export type Sent = { ok: true } | { ok: false; field: unknown; message: string | null };

const refusalSchema = z.object({ error: z.string(), field: z.unknown() });

/** Sends a file as a body, with XMLHttpRequest, which tells how much has been sent. "aborted": the signal was. */
export function sendZip(
  url: string,
  file: File,
  { signal, onProgress }: { signal: AbortSignal; onProgress: (sentBytes: number) => void },
): Promise<Sent | "aborted"> {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open("POST", url);
    request.setRequestHeader("Content-Type", "application/zip");
    request.upload.onprogress = ({ loaded }) => onProgress(Math.min(loaded, file.size));
    request.onload = () => resolve(request.status === 200 ? { ok: true } : refusal(request.responseText));
    request.onerror = () => resolve({ ok: false, field: null, message: null });
    request.onabort = () => resolve("aborted");
    signal.addEventListener("abort", () => request.abort(), { once: true });
    request.send(file);
  });
}

function refusal(text: string): Sent {
  try {
    const { error, field } = refusalSchema.parse(JSON.parse(text));
    return { ok: false, field, message: error };
  } catch {
    return { ok: false, field: null, message: null };
  }
}
