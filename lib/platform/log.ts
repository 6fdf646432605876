import pino from "pino";
import { env } from "./env";

let logger: pino.Logger | undefined;

/**
 * The process's logger: JSON lines on stdout. Never give it a key, a query string, a header or a body;
 * what looks like one is cut out all the same.
 */
export function log(): pino.Logger {
  const options: pino.LoggerOptions = {
    level: env().logLevel,
    base: null,
    redact: {
      paths: [
        "api_key",
        "apiKey",
        "authorization",
        "password",
        "secret",
        "url",
        "*.api_key",
        "*.apiKey",
        "*.authorization",
        "*.password",
        "*.secret",
      ],
      remove: true,
    },
  };
  // Synchronous: a line costs less than handing it to another thread, and the last lines before a crash are there.
  return (logger ??= pino(options, pino.destination({ dest: 1, sync: true })));
}
