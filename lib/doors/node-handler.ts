import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { log } from "@/lib/platform/log";
import type { RouteMethod } from "./door";

/** The request of a route under pages/api, with the parameters of its path. */
type NodeRequest = IncomingMessage & { query: Partial<Record<string, string | string[]>> };

/**
 * A resource as a handler of Node's own requests, for routes under pages/api: every header of an answer arrives as it was
 * set. The body of a request is not read. A client that goes away ends the stream; a store that breaks off cuts the
 * connection, so that nobody takes a part for the whole.
 */
export function nodeHandler(
  methods: Record<string, RouteMethod>,
): (request: NodeRequest, response: ServerResponse) => Promise<void> {
  return async (request, response) => {
    const headers = Object.entries(request.headers).map(([name, value]): [string, string] => [name, String(value)]);
    const method = request.method && request.method in methods ? request.method : "OPTIONS";
    const answer = await methods[method]!(
      new Request(new URL(request.url ?? "/", "http://localhost"), { method, headers }),
      { params: Promise.resolve(request.query) },
    );
    response.writeHead(answer.status, Object.fromEntries(answer.headers));
    if (!answer.body) return void response.end();
    try {
      // the web's stream in Node's type of it
      await pipeline(Readable.fromWeb(answer.body as Parameters<typeof Readable.fromWeb>[0]), response);
    } catch (error) {
      if (!request.destroyed) log().error({ err: error }, "an answer broke off");
    }
  };
}
