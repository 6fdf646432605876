import { defineConfig } from "vitest/config";
import base from "./vitest.config";

/**
 * `npm run test:long`: what proves more the longer it goes on. Storms and random histories, of which `npm test` goes one
 * round, and processes killed at many points, where `npm test` kills at one.
 */
export default defineConfig({
  ...base,
  test: {
    ...base.test,
    include: ["lib/domain/invariants.test.ts", "lib/domain/trash/{crash,storm}.test.ts", "lib/**/*.long.test.ts"],
    exclude: [],
    provide: { rounds: 10 },
  },
});
