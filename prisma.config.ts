import path from "node:path";
import { defineConfig } from "prisma/config";

// Prisma's own schema engine as WebAssembly, so that no `prisma` command downloads a binary.
process.env.PRISMA_SCHEMA_ENGINE_BINARY ??= path.join(import.meta.dirname, "prisma/schema-engine.mjs");

export default defineConfig({
  schema: "prisma/schema.prisma",
  migrations: { path: "prisma/migrations" },
  // optional here: `generate`, `validate` and `format` need no database
  ...(process.env.DATABASE_URL ? { datasource: { url: process.env.DATABASE_URL } } : {}),
});
