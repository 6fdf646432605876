import { defineConfig } from "vitest/config";
import base from "./vitest.config";

/**
 * `npm run test:long`: what proves more the longer it goes on, or needs many processes. Storms, processes that are killed,
 * paused or told to end, and random histories, of which `npm test` goes one round.
 */
export default defineConfig({
  ...base,
  test: {
    ...base.test,
    include: ["lib/domain/invariants.test.ts", "{lib,app,scripts}/**/*.long.test.ts"],
    exclude: [],
    provide: { rounds: 4 },
    testTimeout: 60_000, // processes that begin beside others take their time
  },
});
