import { LogOut } from "lucide-react";
import { useTranslations } from "next-intl";
import { Button } from "@/app/_ui/button";
import { signOutAction } from "./actions";

/** Who is signed in, and the way out. */
export function Account({ name, email }: { name: string; email: string }) {
  const t = useTranslations("shell");
  return (
    <form action={signOutAction} className="flex min-w-0 items-center gap-2 pl-2">
      <div className="grid min-w-0 grow">
        <span className="truncate text-sm font-medium">{name}</span>
        <span className="truncate text-xs text-muted">{email}</span>
      </div>
      <Button type="submit" variant="ghost" size="sm">
        <LogOut aria-hidden />
        {t("signOut")}
      </Button>
    </form>
  );
}
