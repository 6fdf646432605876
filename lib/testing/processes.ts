import { spawn } from "node:child_process";
import { once } from "node:events";

/** The processes of a script, as the system knows them: those that live and whose command line has its path. */
export async function pidsOf(script: string): Promise<number[]> {
  const ps = spawn("ps", ["-eo", "pid=,stat=,args="], { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  ps.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
  await once(ps, "close");
  return text.split("\n").flatMap((line) => {
    const [, pid, state, args] = /^\s*(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? [];
    return pid && args?.includes(script) && !state?.startsWith("Z") ? [Number(pid)] : [];
  });
}
