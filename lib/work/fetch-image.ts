import { lookup } from "node:dns";
import http from "node:http";
import https from "node:https";
import { BlockList, isIP, isIPv4, type LookupFunction } from "node:net";
import { DomainError } from "@/lib/domain/errors";
import { env } from "@/lib/platform/env";
import { createGate } from "@/lib/work/gate";

/*
 * Images by URL, to ask a model about or to add to a project. A server that fetches what strangers name can be made to
 * read what only it can reach, so: nothing but the hosts that INFER_IMAGE_HOSTS lists; a name is resolved once and that
 * very address is connected to; it must be a public one, unless the list has the host's port; no redirect is followed;
 * time and size are bounded.
 */

const SECONDS_MAX = 10;
const fetching = createGate(8, 64);

/** Addresses that are no public host's: IANA's special-purpose registries. Of IPv6, everything but global unicast. */
const special = new BlockList();
for (const [network, bits] of [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 3],
] as const)
  special.addSubnet(network, bits, "ipv4");
for (const [network, bits] of [
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["3fff::", 20],
] as const)
  special.addSubnet(network, bits, "ipv6");
const globalUnicast = new BlockList();
globalUnicast.addSubnet("2000::", 3, "ipv6");

/** Whether an IP address is one that anybody on the Internet can reach. */
export function isPublicAddress(address: string): boolean {
  if (isIPv4(address)) return !special.check(address, "ipv4");
  return globalUnicast.check(address, "ipv6") && !special.check(address, "ipv6");
}

const refuse = (sentence: string): DomainError => new DomainError("invalid_request", sentence, { field: "image" });
const notPublic = () => refuse("The image's host has no public address. Send the image itself.");
const unreachable = () =>
  refuse(`The image could not be fetched within ${SECONDS_MAX} seconds. Send the image itself.`);

/** Gives the bytes at `text`, a URL, to `take`. Throws `invalid_request`, `busy`, and whatever `take` throws. */
export async function fetchImage<Taken>(
  text: string,
  take: (bytes: AsyncIterable<Uint8Array>) => Promise<Taken>,
): Promise<Taken> {
  const url = URL.canParse(text) ? new URL(text) : null;
  const listed =
    url && !url.username && !url.password ? env().inferImageHosts.filter(({ origin }) => origin === url.origin) : [];
  if (!url || listed.length === 0)
    throw refuse(
      "Images are fetched only from the hosts that whoever runs this server lists, and this URL is of none of them. Send the image itself.",
    );
  const anyAddress = listed.some(({ mayBePrivate }) => mayBePrivate);
  return fetching(async () => take(read(await open(url, anyAddress))));
}

function open(url: URL, anyAddress: boolean): Promise<http.IncomingMessage> {
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  if (!anyAddress && isIP(host) && !isPublicAddress(host)) throw notPublic();
  // asked once, for the connection itself
  const look: LookupFunction = (name, options, answer) =>
    lookup(name, { ...options, all: false }, (error, address, family) => {
      if (error) answer(error, "");
      else if (!anyAddress && !isPublicAddress(address)) answer(notPublic(), "");
      else if (options.all) answer(null, [{ address, family }]);
      else answer(null, address, family);
    });
  return new Promise((resolve, reject) => {
    const { get } = url.protocol === "https:" ? https : http;
    get(
      url,
      { lookup: look, agent: false, signal: AbortSignal.timeout(SECONDS_MAX * 1000), headers: { Accept: "image/*" } },
      (response) => {
        if (response.statusCode === 200) return resolve(response);
        response.destroy();
        reject(
          refuse(
            `The image's host answered ${response.statusCode} instead of 200; redirects are not followed. Send the image itself.`,
          ),
        );
      },
    ).on("error", (error) => reject(error instanceof DomainError ? error : unreachable()));
  });
}

/** The rest of the answer, still under the time limit. The connection ends when it is not read to the end. */
async function* read(response: http.IncomingMessage): AsyncGenerator<Uint8Array> {
  try {
    yield* response;
  } catch {
    throw unreachable();
  }
}
