/*
 * What ESLint's rules for single imports cannot see: circles, types among them. The arrows between the parts of the house
 * are eslint.config.mjs's.
 */

/** @type {import("dependency-cruiser").IConfiguration} */
const config = {
  forbidden: [
    {
      name: "no-circles",
      comment: "Two files that need each other are one, or want a third below both: move what they share down.",
      severity: "error",
      from: {},
      to: { circular: true },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "lib/platform/generated" },
    tsConfig: { fileName: "tsconfig.json" },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { extensions: [".ts", ".tsx", ".mjs", ".js"] },
  },
};

export default config;
