import type { Metadata } from "next";
import { getTranslations } from "next-intl/server";
import { redirect } from "next/navigation";
import { LanguageSelect } from "@/app/(app)/_shell/language-select";
import { ThemeSelect } from "@/app/(app)/_shell/theme-select";
import { Callout } from "@/app/_ui/callout";
import { cn } from "@/app/_ui/class-names";
import { ClientMessages } from "@/app/_ui/client-messages";
import { CodeBlock } from "@/app/_ui/code-block";
import { Mark } from "@/app/_ui/mark";
import { usersExist } from "@/lib/domain/people";
import { oauthProviders } from "@/lib/doors/auth";
import { readTheme, THEME_COOKIE } from "@/lib/doors/preferences";
import { currentContext, toLocalPath } from "@/lib/doors/session";
import { ProviderButtons } from "./provider-buttons";
import { SignInForm } from "./sign-in-form";

const FIRST_RUN = [
  'npm run admin -- create-user --email you@example.com --name "Your Name"',
  'npm run admin -- create-workspace --slug my-team --name "My Team" --owner you@example.com',
];

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations("auth"))("signIn") };
}

export default async function SignInPage({
  searchParams,
}: {
  searchParams: Promise<{ next?: string | string[]; error?: string | string[]; email?: string | string[] }>;
}) {
  const { next: asked, error, email } = await searchParams;
  const next = toLocalPath(asked);
  if (await currentContext()) redirect(next);
  const [firstRun, theme, t] = [!(await usersExist()), await readTheme(), await getTranslations("auth")];
  const providers = oauthProviders();
  return (
    <ClientMessages namespaces={["auth", "shell"]}>
      <div className="grid min-h-dvh grid-rows-[1fr_auto]">
        <main
          id="main"
          tabIndex={-1}
          className={cn(
            "mx-auto grid w-full content-center gap-6 px-4 py-12",
            firstRun ? "max-w-[40rem]" : "max-w-[22rem]",
          )}
        >
          <div className="grid gap-4">
            <Mark className="size-8" />
            <h1 className="text-xl font-semibold tracking-tight">{firstRun ? t("firstRunTitle") : t("signInTitle")}</h1>
          </div>
          {error !== undefined ? (
            <Callout tone="danger">{error === "AccessDenied" ? t("providerRefused") : t("providerFailed")}</Callout>
          ) : null}
          {firstRun ? (
            <>
              <p className="text-muted">{t("firstRunText")}</p>
              {FIRST_RUN.map((command) => (
                <CodeBlock key={command} text={command} label={t("firstRunTitle")} />
              ))}
            </>
          ) : (
            <SignInForm next={next} email={typeof email === "string" ? email.slice(0, 254) : ""} />
          )}
          {!firstRun && providers.length > 0 ? (
            <>
              <p className="flex items-center gap-3 text-sm text-muted before:h-px before:grow before:bg-line after:h-px after:grow after:bg-line">
                {t("or")}
              </p>
              <ProviderButtons providers={providers} next={next} />
            </>
          ) : null}
        </main>
        <footer className="flex justify-center gap-1 p-4">
          <LanguageSelect />
          <ThemeSelect theme={theme} cookie={THEME_COOKIE} />
        </footer>
      </div>
    </ClientMessages>
  );
}
