import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";

const ALGORITHM = "AWS4-HMAC-SHA256";
const SKEW_MS = 15 * 60_000;
const WEEK_SECONDS = 604_800;

/**
 * What an S3 store finds wrong with a request's AWS signature 4, by the name of its error, or null. One in the header holds
 * for a quarter of an hour, one in the URL to its end; a request without any is refused. That the body has the hash that
 * was signed is not looked at.
 */
export function findSignatureFault(
  { method = "", url = "", headers }: IncomingMessage,
  secret: string,
  now: number,
): "AccessDenied" | "SignatureDoesNotMatch" | null {
  const [path = "", search = ""] = url.split("?");
  const query = search
    .split("&")
    .filter((pair) => pair !== "")
    .map((pair) => [...pair.split("="), ""].slice(0, 2).map(decodeURIComponent) as [string, string]);
  const inUrl = Object.fromEntries(query);
  const presigned = inUrl["X-Amz-Algorithm"] === ALGORITHM;
  const inHeader = /^AWS4-HMAC-SHA256 Credential=([^,]+), ?SignedHeaders=([^,]+), ?Signature=(\w+)$/.exec(
    headers.authorization ?? "",
  );
  const [credential, signedHeaders, signature, date] = presigned
    ? ["Credential", "SignedHeaders", "Signature", "Date"].map((name) => inUrl[`X-Amz-${name}`])
    : [inHeader?.[1], inHeader?.[2], inHeader?.[3], String(headers["x-amz-date"])];
  if (!credential || !signedHeaders || !signature || !date) return "AccessDenied";

  const begins = Date.parse(date.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, "$1-$2-$3T$4:$5:$6Z"));
  const seconds = Number(inUrl["X-Amz-Expires"]);
  const ends = begins + (presigned ? seconds * 1000 : SKEW_MS);
  if (!(begins - SKEW_MS <= now && now <= ends) || (presigned && !(seconds >= 1 && seconds <= WEEK_SECONDS)))
    return "AccessDenied";
  const names = signedHeaders.split(";");
  const mustBeSigned = ["host", ...Object.keys(headers).filter((name) => name.startsWith("x-amz-"))];
  if (!mustBeSigned.every((name) => names.includes(name))) return "AccessDenied";

  const canonicalQuery = query
    .filter(([name]) => name !== "X-Amz-Signature")
    .map((pair) => pair.map(encode) as [string, string])
    .sort(([a, x], [b, y]) => (a === b ? compare(x, y) : compare(a, b)))
    .map((pair) => pair.join("="))
    .join("&");
  const canonical = [
    method,
    path,
    canonicalQuery,
    ...names.map(
      (name) =>
        `${name}:${String(headers[name] ?? "")
          .trim()
          .replace(/ +/g, " ")}`,
    ),
    "",
    signedHeaders,
    headers["x-amz-content-sha256"] ?? "UNSIGNED-PAYLOAD",
  ].join("\n");
  const scope = credential.split("/").slice(1);
  const key = scope.reduce<string | Buffer>(hmac, `AWS4${secret}`);
  const hash = createHash("sha256").update(canonical).digest("hex");
  const expected = hmac(key, [ALGORITHM, date, scope.join("/"), hash].join("\n")).toString("hex");
  const same = signature.length === 64 && timingSafeEqual(Buffer.from(expected), Buffer.from(signature));
  return same ? null : "SignatureDoesNotMatch";
}

const hmac = (key: string | Buffer, text: string): Buffer => createHmac("sha256", key).update(text).digest();
const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b));
const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`);
