import { FileRefused } from "@/lib/engine/annotations/collector";

/** The largest text of a format that is read in one pass, in UTF-16 units. */
export const LINEAR_LIMIT_BYTES = 50 * 1024 * 1024;

const MAX_DEPTH = 64;
const MAX_CONTAINERS = 5_000_000;

/** The JSON value of the text. Throws FileRefused, before anything large is built from a text that is only brackets. */
export function parseJson(text: string): unknown {
  let depth = 0;
  let containers = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (quoted) {
      if (code === 0x5c) at += 1;
      else if (code === 0x22) quoted = false;
    } else if (code === 0x22) {
      quoted = true;
    } else if (code === 0x7b || code === 0x5b) {
      depth += 1;
      containers += 1;
      if (depth > MAX_DEPTH || containers > MAX_CONTAINERS) throw new FileRefused("too_complex");
    } else if (code === 0x7d || code === 0x5d) {
      depth -= 1;
    }
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new FileRefused("unreadable", { format: "json" }, { cause: error });
  }
}
