/** Runs before the server answers anything: a wrong environment variable ends the start with its sentence alone. */
export async function register(): Promise<void> {
  // Next's own constant, set at build time; it keeps Node's modules out of the bundle for the Edge runtime.
  if (process.env.NEXT_RUNTIME === "nodejs") {
    const { env } = await import("@/lib/platform/env");
    try {
      env();
    } catch (error) {
      console.error(error instanceof Error ? error.message : error);
      process.exit(1);
    }
  }
}
