import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { dispatch } from "./call-api";

/**
 * The routes behind a real HTTP server of this process, for clients in processes of their own; `after` hears of every answer.
 * Answers the server's origin.
 */
export async function serveApi(
  after: (request: Request, response: Response) => Promise<void> = async () => {},
): Promise<{ origin: string; close: () => Promise<void> }> {
  const server = createServer((incoming, outgoing) => {
    const headers = Object.entries(incoming.headers).map(([name, value]): [string, string] => [name, String(value)]);
    const bodyless = incoming.method === "GET" || incoming.method === "HEAD";
    const body = bodyless
      ? {}
      : { body: Readable.toWeb(incoming) as ReadableStream<Uint8Array>, duplex: "half" as const };
    const request = new Request(`http://test${incoming.url}`, { method: incoming.method!, headers, ...body });
    void dispatch(request)
      .then(async (response) => {
        await after(request, response);
        outgoing.writeHead(response.status, Object.fromEntries(response.headers));
        if (response.body)
          await pipeline(Readable.fromWeb(response.body as Parameters<typeof Readable.fromWeb>[0]), outgoing);
        else outgoing.end();
      })
      .catch((error: unknown) => outgoing.destroy(error as Error));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
