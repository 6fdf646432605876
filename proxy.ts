import { NextResponse, type NextRequest } from "next/server";

/** Notes the path of a page's request, which server components are not told, so that sign-in can come back to it. */
export function proxy(request: NextRequest): NextResponse {
  const headers = new Headers(request.headers);
  headers.set("x-page-path", `${request.nextUrl.pathname}${request.nextUrl.search}`);
  return NextResponse.next({ request: { headers } });
}

/** Pages only: never the REST API, under /api or on a host of its own. */
export const config = {
  matcher: [{ source: "/((?!api(?:/|$)|_next/|favicon\\.ico).*)", missing: [{ type: "host", value: "api\\..*" }] }],
};
