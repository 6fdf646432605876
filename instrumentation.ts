const HOUR_MS = 60 * 60_000;

/**
 * Runs before the server answers anything: a wrong environment variable ends the start with its sentence alone. Temporary
 * files of a process before this one, which was killed, are swept now and each hour: nobody else may have this disk.
 */
export async function register(): Promise<void> {
  // Next's own constant, set at build time; it keeps Node's modules out of the bundle for the Edge runtime.
  if (process.env.NEXT_RUNTIME === "nodejs") {
    const { checkEnv } = await import("@/lib/platform/env");
    checkEnv();
    const { sweepSpooledFiles } = await import("@/lib/work/uploads/spool");
    const { log } = await import("@/lib/platform/log");
    const sweep = () =>
      void sweepSpooledFiles().then(
        (spooled) => spooled > 0 && log().info({ spooled }, "temporary files of lost processes removed"),
        (error: unknown) => log().warn({ err: error }, "temporary files could not be swept"),
      );
    sweep();
    setInterval(sweep, HOUR_MS).unref();
  }
}
