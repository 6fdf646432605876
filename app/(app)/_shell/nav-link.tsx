"use client";

import Link from "next/link";
import { usePathname } from "next/navigation";
import type { ReactNode } from "react";
import { cn } from "@/app/_ui/class-names";

/** A place in the sidebar, marked while one is there; with `exact`, not while one is somewhere below it. */
export function NavLink({ href, exact = false, children }: { href: string; exact?: boolean; children: ReactNode }) {
  const pathname = usePathname();
  const current = pathname === href || (!exact && pathname?.startsWith(`${href}/`));
  return (
    <Link
      href={href}
      prefetch={false}
      aria-current={current ? "page" : undefined}
      className={cn(
        "flex h-7 items-center gap-2 rounded-md px-2 text-sm transition-colors duration-100 hover:bg-hover hover:text-ink pointer-coarse:h-10 [&>svg]:size-4 [&>svg]:shrink-0",
        current ? "bg-hover font-medium text-ink" : "text-muted",
      )}
    >
      {children}
    </Link>
  );
}
