import type { Metadata } from "next";
import { getTranslations } from "next-intl/server";
import { Badge } from "@/app/_ui/badge";
import { ClientMessages } from "@/app/_ui/client-messages";
import { PageHeader } from "@/app/_ui/page-header";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/app/_ui/table";
import { Time } from "@/app/_ui/time";
import { personId } from "@/lib/domain/context";
import { listMembers } from "@/lib/domain/people";
import { authorize } from "@/lib/domain/permissions";
import { page } from "@/lib/doors/page";
import { AddMember } from "./add-member";
import { NewLink } from "./new-link";
import { RemoveMember } from "./remove-member";
import { RoleSelect } from "./role-select";

interface Props {
  params: Promise<{ workspace: string }>;
}

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations("members"))("title") };
}

export default async function MembersPage({ params }: Props) {
  const { workspace: slug } = await params;
  const { workspace, members, self } = await page(async (ctx) => ({
    workspace: authorize(ctx, "manage members", slug),
    members: await listMembers(ctx, slug),
    self: personId(ctx.actor),
  }));
  const t = await getTranslations("members");
  return (
    <ClientMessages namespaces={["members"]}>
      <div className="grid gap-6">
        <PageHeader
          breadcrumbs={[{ label: workspace.name, href: `/${slug}` }, { label: t("title") }]}
          title={t("title")}
          meta={t("count", { count: members.length })}
          actions={<AddMember workspaceSlug={slug} />}
        />
        <div id="members" tabIndex={-1} role="group" aria-label={t("title")}>
          <Table label={t("title")}>
            <TableHead>
              <TableRow>
                <TableHeader>{t("person")}</TableHeader>
                <TableHeader className="max-sm:hidden">{t("since")}</TableHeader>
                <TableHeader>{t("role")}</TableHeader>
              </TableRow>
            </TableHead>
            <TableBody>
              {members.map((member) => {
                const person = { userId: member.userId, name: member.name, self: member.userId === self };
                return (
                  <TableRow key={member.userId}>
                    <TableHeader scope="row" className="max-w-80 sm:min-w-52">
                      <span className="flex flex-wrap items-center gap-x-2 gap-y-1">
                        <span className="min-w-0 wrap-anywhere">{member.name}</span>
                        {person.self ? <Badge>{t("you")}</Badge> : null}
                        {member.invitation ? (
                          <Badge tone={member.invitation === "OPEN" ? "accent" : "warn"}>
                            {t(`invitation.${member.invitation}`)}
                          </Badge>
                        ) : null}
                      </span>
                      <span className="block font-normal wrap-anywhere text-muted">{member.email}</span>
                    </TableHeader>
                    <TableCell className="max-sm:hidden">
                      <Time at={member.since} format="date" />
                    </TableCell>
                    <TableCell>
                      <div className="flex flex-wrap items-center justify-between gap-x-6 gap-y-2">
                        <RoleSelect
                          workspaceSlug={slug}
                          member={person}
                          role={member.role}
                          lastOwner={member.lastOwner}
                        />
                        <div className="flex flex-wrap items-center gap-1.5">
                          {member.invitation ? <NewLink workspaceSlug={slug} member={person} /> : null}
                          <RemoveMember
                            workspaceSlug={slug}
                            workspaceName={workspace.name}
                            member={person}
                            apiKeys={member.apiKeys}
                            lastOwner={member.lastOwner}
                          />
                        </div>
                      </div>
                    </TableCell>
                  </TableRow>
                );
              })}
            </TableBody>
          </Table>
        </div>
      </div>
    </ClientMessages>
  );
}
