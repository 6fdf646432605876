import path from "node:path";

// Built and run as a copy in .build/floor, two folders below the project: node_modules is the project's own.
export default {
  poweredByHeader: false,
  serverExternalPackages: ["pg"],
  turbopack: { root: path.resolve(import.meta.dirname, "../..") },
};
