import type { Metadata } from "next";
import { getTranslations } from "next-intl/server";
import { redirect } from "next/navigation";
import { readLastWorkspace } from "@/lib/doors/preferences";
import { requireContext } from "@/lib/doors/session";
import { Account } from "./(app)/_shell/account";
import { ClientMessages } from "./_ui/client-messages";
import { CodeBlock } from "./_ui/code-block";
import { Problem } from "./_ui/problem";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations("auth"))("noWorkspaceTitle") };
}

/** To the workspace last looked at, else to the first by name. */
export default async function HomePage() {
  const { actor, email } = await requireContext();
  const [last, t] = [await readLastWorkspace(), await getTranslations("auth")];
  const workspace = actor.memberships.find(({ slug }) => slug === last) ?? actor.memberships[0];
  if (workspace) redirect(`/${workspace.slug}`);
  const command = `npm run admin -- create-workspace --slug my-team --name "My team" --owner ${email}`;
  return (
    <main id="main" tabIndex={-1}>
      <Problem title={t("noWorkspaceTitle")}>
        <p className="mb-4">{t("noWorkspaceText", { email })}</p>
        <CodeBlock text={command} label={t("noWorkspaceTitle")} />
      </Problem>
      <ClientMessages namespaces={["shell"]}>
        <div className="mx-auto max-w-md px-2">
          <Account name={actor.type === "USER" ? actor.name : ""} email={email} />
        </div>
      </ClientMessages>
    </main>
  );
}
