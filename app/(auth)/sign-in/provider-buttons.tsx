"use client";

import { useTranslations } from "next-intl";
import { useEffect, useState } from "react";
import { Button } from "@/app/_ui/button";

/** Signing in with an account elsewhere: next-auth's own form, which needs its token. */
export function ProviderButtons({ providers, next }: { providers: readonly ("github" | "google")[]; next: string }) {
  const t = useTranslations("auth");
  const [csrfToken, setCsrfToken] = useState<string | null>(null);
  useEffect(() => {
    const controller = new AbortController();
    fetch("/api/auth/csrf", { signal: controller.signal })
      .then((answer) => answer.json())
      .then((answer: { csrfToken: string }) => setCsrfToken(answer.csrfToken))
      .catch(() => {});
    return () => controller.abort();
  }, []);
  return (
    <div className="grid gap-2">
      {providers.map((provider) => (
        <form key={provider} method="post" action={`/api/auth/signin/${provider}`}>
          <input type="hidden" name="csrfToken" value={csrfToken ?? ""} />
          <input type="hidden" name="callbackUrl" value={next} />
          <Button type="submit" pending={csrfToken === null} className="w-full">
            {t("continueWith", { provider: t(`providers.${provider}`) })}
          </Button>
        </form>
      ))}
    </div>
  );
}
