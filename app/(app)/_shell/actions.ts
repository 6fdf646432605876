"use server";

import { revalidatePath } from "next/cache";
import { redirect } from "next/navigation";
import { chooseLocale } from "@/lib/doors/preferences";
import { endSession } from "@/lib/doors/session";

export async function chooseLocaleAction(locale: unknown): Promise<void> {
  await chooseLocale(locale);
  revalidatePath("/", "layout");
}

export async function signOutAction(): Promise<void> {
  await endSession();
  redirect("/sign-in");
}
