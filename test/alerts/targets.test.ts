import { describe, expect, it } from "vitest";
import { Targets } from "../../src/alerts/targets.js";

const addressesOf = (targets: Targets, host: string) =>
  targets.addressesOf(new URL(`https://${host}/`), 5_000);

describe("a receiver's address", () => {
  it.each([
    ...["127.0.0.1", "127.1", "0.0.0.0", "10.1.2.3", "172.31.255.255", "192.168.0.1", "100.64.0.1"],
    ...["169.254.169.254", "224.0.0.1", "255.255.255.255", "2130706433", "0x7f000001", "localhost"],
    ...["[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:a9fe:a9fe]", "[::127.0.0.1]", "[64:ff9b::7f00:1]"],
    ...["[fe80::1]", "[fc00::1]", "[fd00:ec2::254]", "[ff02::1]", "[2002:7f00:1::]", "[2001:db8::1]"],
  ])("is refused where it is private: %s", async (host) => {
    await expect(addressesOf(new Targets([]), host)).rejects.toThrow("The address is private.");
  });

  it.each(["1.1.1.1", "172.32.0.1", "[2606:4700::1111]"])("is taken where it is public: %s", async (host) => {
    expect(await addressesOf(new Targets([]), host)).toHaveLength(1);
  });

  it("may be private where the settings name it, its network or its host", async () => {
    for (const allowed of ["127.0.0.1", "127.0.0.0/8"])
      expect(await addressesOf(new Targets([allowed]), "127.0.0.1")).toHaveLength(1);
    expect(await addressesOf(new Targets(["fd00::/8"]), "[fd00::1]")).toHaveLength(1);
    expect((await addressesOf(new Targets(["LocalHost"]), "localhost")).length).toBeGreaterThan(0);
    await expect(addressesOf(new Targets(["127.0.0.1"]), "127.0.0.2")).rejects.toThrow();
    await expect(addressesOf(new Targets(["example.com"]), "localhost")).rejects.toThrow();
  });
});
