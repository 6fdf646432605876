import { createServer, request, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";
import type { RouteMethod } from "./door";
import { nodeHandler } from "./node-handler";

/** Serves the methods at every path, with "token" as its parameter, and asks for one. */
async function ask(methods: Record<string, RouteMethod>, method = "GET"): Promise<IncomingMessage> {
  const handle = nodeHandler(methods);
  const server = createServer(
    (incoming, response) => void handle(Object.assign(incoming, { query: { token: "t" } }), response),
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  return new Promise((resolve, reject) =>
    request({ port, method, path: "/x?y=1", headers: { "x-asked": "yes" } }, resolve)
      .on("error", reject)
      .end(),
  );
}

test("a request arrives with its path, headers and parameters, and the answer with every header as it was set", async () => {
  const answer = await ask({
    GET: async (asked, { params }) =>
      new Response(JSON.stringify([new URL(asked.url).search, asked.headers.get("x-asked"), await params]), {
        status: 201,
        headers: { "Content-Length": "28", "X-Own": "a, b" },
      }),
  });
  expect([answer.statusCode, answer.headers["content-length"], answer.headers["x-own"]]).toEqual([201, "28", "a, b"]);
  expect(JSON.parse(await text(answer))).toEqual(["?y=1", "yes", { token: "t" }]);
});

test("a method that the resource does not have is answered as OPTIONS says", async () => {
  const answer = await ask(
    { OPTIONS: async () => new Response(null, { status: 204, headers: { Allow: "GET" } }) },
    "DELETE",
  );
  expect([answer.statusCode, answer.headers.allow]).toEqual([204, "GET"]);
});

test("a store that breaks off cuts the connection: nobody takes a part for the whole", async () => {
  const answer = ask({
    GET: async () =>
      new Response(
        new ReadableStream({
          start: (controller) => controller.enqueue(Buffer.from("a part")),
          pull: (controller) => controller.error(new Error("the store is away")),
        }),
      ),
  });
  await expect(answer.then(text)).rejects.toMatchObject({ code: "ECONNRESET" });
});

test("a client that goes away ends the stream", async () => {
  let gone = () => {};
  const ended = new Promise<void>((resolve) => (gone = resolve));
  const answer = await ask({
    GET: async () =>
      new Response(
        new ReadableStream({ pull: (controller) => controller.enqueue(Buffer.alloc(1000)), cancel: () => gone() }),
      ),
  });
  answer.destroy();
  await ended;
});
