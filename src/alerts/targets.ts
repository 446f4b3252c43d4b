import { lookup, type LookupAddress } from "node:dns";
import { BlockList, isIP } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { BadInputError } from "../errors.js";
import { Turns } from "../feed/turns.js";
import { longestTarget } from "../model/alert.js";

/**
 * What IANA's registries of special purposes do not give to the internet at large. Of IPv6 only 2000::/3 is
 * given at all.
 */
const special = listOf([
  ...["0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"],
  ...["192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15"],
  ...["198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"],
  ...["2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"],
]);
const global6 = listOf(["2000::/3"]);

/**
 * Names are looked up on threads that bodies of deliveries are packed on, too: a name server that does not
 * answer must not take them all.
 */
const lookupTurns = { atOnce: 2, ofOneTenant: 2 };

/** A receiver that messages must not be sent to. */
export class RefusedTargetError extends Error {}

/** A receiver, or its name server, does not answer. */
export class TimeoutError extends Error {}

/** Which addresses messages may be sent to: public ones, and those that the settings name. */
export class Targets {
  private readonly hosts: ReadonlySet<string>;
  private readonly networks: BlockList;
  private readonly turns = new Turns(lookupTurns);

  /** @param allowed names, addresses and networks (as `10.0.0.0/8`) that may be private, and without TLS */
  constructor(allowed: readonly string[]) {
    this.networks = listOf(allowed.filter((entry) => isIP(entry.split("/")[0] ?? "") !== 0));
    this.hosts = new Set(allowed.map((entry) => entry.toLowerCase()));
  }

  /** @throws BadInputError naming the rule that a receiver's URL breaks; its name is not looked up */
  check(text: string): URL {
    const rule = this.broken(text);
    if (rule !== undefined) throw new BadInputError(`url: ${rule}.`, [{ field: "url", rule }]);
    return new URL(text);
  }

  /**
   * The addresses of a receiver, all of which messages may be sent to. They are what must be connected to: a
   * name that is looked up once more may mean others.
   * @param milliseconds that finding them may take
   * @throws RefusedTargetError where one of them is refused
   * @throws Error where it has none, or they are not found in time
   */
  async addressesOf({ hostname }: URL, milliseconds: number): Promise<readonly LookupAddress[]> {
    const host = hostname.replace(/^\[|\]$/g, "");
    const family = isIP(host);
    const addresses = family === 0 ? await this.lookUp(host, milliseconds) : [{ address: host, family }];
    if (!this.hosts.has(host) && !addresses.every(({ address }) => this.mayReach(address)))
      throw new RefusedTargetError("The address is private.");
    return addresses;
  }

  private async lookUp(host: string, milliseconds: number): Promise<readonly LookupAddress[]> {
    const looking = this.turns.take("", () => promisify(lookup)(host, { all: true }));
    const stop = new AbortController();
    const tooLate = delay(milliseconds, undefined, { signal: stop.signal, ref: false }).then(() => {
      throw new TimeoutError();
    });
    try {
      return await Promise.race([looking, tooLate]);
    } finally {
      stop.abort();
    }
  }

  private broken(text: string): string | undefined {
    if (text.length > longestTarget) return `must have at most ${longestTarget} characters`;
    if (!URL.canParse(text)) return "must be a URL";
    const { protocol, username, password, hostname } = new URL(text);
    const host = hostname.replace(/^\[|\]$/g, "");
    const isListed = this.hosts.has(host) || (isIP(host) !== 0 && isIn(this.networks, host));
    if (protocol !== "https:" && !(protocol === "http:" && isListed))
      return "must be an https:// URL (http:// where ALERT_PRIVATE_TARGETS names the host)";
    if (username !== "" || password !== "") return "must hold no user and no password";
    if (isIP(host) !== 0 && !this.mayReach(host)) return "must be no private address";
    return undefined;
  }

  private mayReach(address: string): boolean {
    return isIn(this.networks, address) || isPublic(address);
  }
}

/** An address of IPv4 that is written as one of IPv6 is none of 2000::/3. */
function isPublic(address: string): boolean {
  if (isIn(special, address)) return false;
  return isIP(address) === 4 || isIn(global6, address);
}

function isIn(list: BlockList, address: string): boolean {
  return list.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");
}

function listOf(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = "", bits] = network.split("/");
    const is6 = isIP(address) === 6;
    list.addSubnet(address, bits === undefined ? (is6 ? 128 : 32) : Number(bits), is6 ? "ipv6" : "ipv4");
  }
  return list;
}
