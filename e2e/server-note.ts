import { readFileSync } from "node:fs";
import path from "node:path";

/** What e2e/server.mjs leaves word of. */
export interface ServerNote {
  databaseUrl: string;
  dataDir: string;
  secret: string;
  workerPid: number;
}

/** Reads it, and has this process work on the server's own database and files. */
export function readServer(): ServerNote {
  const note = JSON.parse(readFileSync(path.join(process.env["E2E_DIR"]!, "server.json"), "utf8")) as ServerNote;
  Object.assign(process.env, { DATABASE_URL: note.databaseUrl, DATA_DIR: note.dataDir, LOG_LEVEL: "silent" });
  return note;
}
