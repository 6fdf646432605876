"use server";

import { z } from "zod";
import { addMember, changeRole, type Invite, removeMember, renewInvite } from "@/lib/domain/people";
import { action } from "@/lib/doors/action";
import { publicUrl } from "@/lib/doors/public-url";

const ROLE = z.enum(["OWNER", "EDITOR", "VIEWER"]);
const MEMBER = z.object({ workspaceSlug: z.string(), userId: z.string() });

/** The one-time link as it is handed over. */
const linkOf = ({ token, until }: Invite) => ({ url: `${publicUrl()}/invite/${token}`, until });

export const addMemberAction = action(
  z.object({ workspaceSlug: z.string(), email: z.string(), role: ROLE }),
  async (ctx, input) => {
    const { invite, ...member } = await addMember(ctx, input);
    return { ...member, link: invite && linkOf(invite) };
  },
);

export const changeRoleAction = action(MEMBER.extend({ role: ROLE }), (ctx, input) => changeRole(ctx, input));

export const removeMemberAction = action(MEMBER, (ctx, input) => removeMember(ctx, input));

export const renewInviteAction = action(MEMBER, async (ctx, input) => linkOf(await renewInvite(ctx, input)));
