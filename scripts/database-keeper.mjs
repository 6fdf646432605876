// Stops the embedded database of a launcher that was killed: argv has its data folder, and the file that stands for it
// among the database's users. Goes on alone when the launcher goes, and ends with it when nothing is left to do.
import { stopAfter } from "./embedded-db.mjs";

const [dir = "", ticket = ""] = process.argv.slice(2);
await stopAfter({ dir, ticket });
