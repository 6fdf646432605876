"use client";

import "./globals.css";

/*
 * Stands in for the root layout when that itself fails: there are no messages to be had then, so it brings its two
 * sentences along and says both.
 */
const SENTENCES = [
  {
    lang: "en",
    title: "Reprieve could not load this page",
    text: "Try again in a few seconds. If you had just changed something, look whether it was done.",
    retry: "Try again",
  },
  {
    lang: "ja",
    title: "ページを読み込めませんでした",
    text: "数秒後にもう一度お試しください。直前に操作をした場合は、反映されたかどうかを確認してください。",
    retry: "再試行",
  },
] as const;

export default function GlobalError({ retry }: { error: unknown; retry: () => void }) {
  return (
    <html lang="en">
      <body>
        <title>{SENTENCES[0].title}</title>
        <main id="main" className="mx-auto grid max-w-md gap-8 px-4 py-24">
          {SENTENCES.map((sentence) => (
            <section key={sentence.lang} lang={sentence.lang} className="grid justify-items-start gap-2">
              <h1 className="text-xl font-semibold">{sentence.title}</h1>
              <p className="text-muted">{sentence.text}</p>
              <button
                type="button"
                onClick={() => retry()}
                className="mt-2 h-8 rounded-md border border-line px-3 font-medium"
              >
                {sentence.retry}
              </button>
            </section>
          ))}
        </main>
      </body>
    </html>
  );
}
