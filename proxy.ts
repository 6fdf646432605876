import { NextResponse, type NextRequest } from "next/server";

/** Notes the path of a page's request, which server components are not told, so that sign-in can come back to it. */
export function proxy(request: NextRequest): NextResponse {
  const headers = new Headers(request.headers);
  headers.set("x-page-path", `${request.nextUrl.pathname}${request.nextUrl.search}`);
  return NextResponse.next({ request: { headers } });
}

/**
 * Pages only: never the REST API, under /api or on a host of its own, and never /data, where files are sent to: Next holds
 * the body of whatever passes here in memory, and cuts it at 10 MB.
 */
export const config = {
  matcher: [
    { source: "/((?!api(?:/|$)|data/|_next/|favicon\\.ico).*)", missing: [{ type: "host", value: "api\\..*" }] },
  ],
};
