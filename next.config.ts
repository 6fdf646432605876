import type { NextConfig } from "next";
import createNextIntlPlugin from "next-intl/plugin";

const SECURITY_HEADERS = [
  { key: "X-Content-Type-Options", value: "nosniff" },
  { key: "X-Frame-Options", value: "DENY" },
  // API keys travel in queries
  { key: "Referrer-Policy", value: "no-referrer" },
];

/** Hosts named api.* serve the REST API at their root, as the official client's own origin does. */
const API_HOST = [{ type: "host" as const, value: "api\\..*" }];

/** What the official client asks for at the root of the origin, whatever follows it in API_URL: refused as JSON, not as a page. */
const ROOT_WORDS = ":word(query|video_upload_signed_url|videoinfer)";

/**
 * A path with a broken escape, or one beyond ASCII, which no path of ours has. Next would answer 500 to those that it
 * cannot decode; sent on to where nothing is, they are 404.
 */
const UNKNOWN_ESCAPE = ":rest(.*%(?![0-7][0-9a-fA-F]).*)";
const NOTHING_IN_API = "/api/-/-/-/-/-/-"; // longer than any path, so that the catch-all answers

const config: NextConfig = {
  poweredByHeader: false,
  // `npm test` checks the types; a start need not do it again.
  typescript: { ignoreBuildErrors: true },
  // forbidden() answers 403 with forbidden.tsx.
  // A build cache that a killed build left broken would fail every later one: each build begins anew.
  experimental: { authInterrupts: true, turbopackFileSystemCacheForBuild: false },
  // Titles and icons stand in the head of every page, for everybody: streamed after it, they are late for screen readers.
  htmlLimitedBots: /./,
  // The client posts to "<base>/?api_key=…" and must not be redirected.
  skipTrailingSlashRedirect: true,
  // Native code, or modules that find their own files; the worker loads the same from node_modules.
  serverExternalPackages: [
    "@aws-sdk/client-s3",
    "@aws-sdk/lib-storage",
    "@aws-sdk/s3-request-presigner",
    "@node-rs/argon2",
    "@prisma/adapter-pg",
    "@prisma/client",
    "pg",
    "pg-boss",
    "pino",
    "sharp",
  ],
  headers: async () => [{ source: "/:path*", headers: SECURITY_HEADERS }],
  rewrites: async () => ({
    beforeFiles: [
      { source: `/${UNKNOWN_ESCAPE}`, has: API_HOST, destination: NOTHING_IN_API },
      { source: `/api/${UNKNOWN_ESCAPE}`, destination: NOTHING_IN_API },
      { source: `/${UNKNOWN_ESCAPE}`, destination: "/_not-found" },
      { source: `/${ROOT_WORDS}/:rest*`, destination: "/api/:word/:rest*" },
      { source: "/", has: API_HOST, destination: "/api" },
      { source: "/:path((?!api(?:/|$)).+)", has: API_HOST, destination: "/api/:path" },
    ],
    afterFiles: [],
    fallback: [],
  }),
};

/** Messages are parsed at build time: the browser is spared the parser. `t.raw` is not to be had with it. */
const withMessages = createNextIntlPlugin({
  requestConfig: "./i18n/request.ts",
  experimental: { messages: { path: "./messages", locales: "infer", format: "json", precompile: true } },
});

export default withMessages(config);
