import NextAuth from "next-auth";
import type { NextRequest } from "next/server";
import { authOptions } from "@/lib/edge/auth";

async function handle(request: NextRequest, context: { params: Promise<{ nextauth: string[] }> }): Promise<Response> {
  // next-auth waits for the params; its types are of a time when they were no promise
  const answer: unknown = await NextAuth(request, context as unknown as { params: { nextauth: string[] } }, authOptions());
  return answer as Response;
}

export { handle as GET, handle as POST };
