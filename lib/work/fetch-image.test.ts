import { describe, expect, it } from "vitest";
import { isPublicAddress } from "./fetch-image";

describe("an address", () => {
  it("is public only where anybody on the Internet reaches it", () => {
    for (const address of [
      "0.0.0.0",
      "10.1.2.3",
      "100.64.0.1",
      "127.0.0.1",
      "169.254.169.254",
      "172.31.255.255",
      "192.168.0.1",
      "198.18.0.1",
      "224.0.0.1",
      "255.255.255.255",
    ])
      expect(isPublicAddress(address), address).toBe(false);
    for (const address of [
      "::",
      "::1",
      "::ffff:10.0.0.1",
      "::ffff:8.8.8.8",
      "fe80::1",
      "fd00::1",
      "ff02::1",
      "64:ff9b::a00:1",
      "2002:a00:1::1",
      "2001::1",
      "2001:db8::1",
    ])
      expect(isPublicAddress(address), address).toBe(false);
    for (const address of ["8.8.8.8", "172.32.0.1", "192.167.1.1", "2606:4700::1111", "2a00:1450:4001:80b::200e"])
      expect(isPublicAddress(address), address).toBe(true);
  });
});
