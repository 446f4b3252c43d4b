import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";

const root = path.dirname(import.meta.dirname);
const read = (file: string) => readFile(path.join(root, file), "utf8");

interface Service {
  readonly image?: string;
  readonly build?: string;
  readonly profiles?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly depends_on?: readonly string[] | Readonly<Record<string, unknown>>;
}

async function readCompose() {
  const text = await read("docker-compose.yml");
  const compose = parse(text, { merge: true }) as {
    readonly services: Readonly<Record<string, Service>>;
    readonly volumes: Readonly<Record<string, unknown>>;
  };
  return { text, ...compose };
}

/** The services that start with a profile. */
function withProfile(services: Readonly<Record<string, Service>>, profile: string): string[] {
  const started = Object.entries(services).filter(
    ([, { profiles = [] }]) => profiles.length === 0 || profiles.includes(profile),
  );
  return started.map(([name]) => name).sort();
}

const dependenciesOf = ({ depends_on = [] }: Service): string[] =>
  Array.isArray(depends_on) ? [...(depends_on as string[])] : Object.keys(depends_on);

describe("docker-compose.yml", () => {
  it("starts one instance, or two behind a balancer, each with what it needs", async () => {
    const { services } = await readCompose();
    expect(withProfile(services, "single")).toEqual(["mysql", "service"]);
    const replicas = ["balancer", "instance-1", "instance-2", "mysql", "redis"];
    expect(withProfile(services, "replicas")).toEqual(replicas);
    expect(withProfile(services, "observe")).toEqual(["collector", "grafana", "mysql", "prometheus"]);
    for (const profile of ["single", "replicas"]) {
      const names = [...new Set([...withProfile(services, profile), ...withProfile(services, "observe")])];
      const ports = names.flatMap((name) => services[name]?.ports ?? []);
      expect(new Set(ports).size).toBe(ports.length);
      // Only this machine reaches them.
      for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
      for (const name of names)
        expect(names).toEqual(expect.arrayContaining(dependenciesOf(services[name] ?? {})));
    }
  });

  it("sets what the service knows, and nothing else, alike for both instances", async () => {
    const { services, text } = await readCompose();
    const settings = (await read("src/config.ts")) + (await read("docs/OPERATIONS.md"));
    const instances = Object.values(services).filter(({ build }) => build !== undefined);
    expect(instances).toHaveLength(3);
    for (const { environment = {} } of instances)
      for (const name of Object.keys(environment))
        expect(settings).toMatch(new RegExp(`${name}:|\`${name}\` \\(default`));
    expect(services["instance-1"]).toEqual(services["instance-2"]);
    const example = await read(".env.example");
    for (const [, name = ""] of text.matchAll(/\$\{([A-Z_]+)/g)) expect(example).toContain(`${name}=`);
  });

  it("mounts what is there", async () => {
    const { services, volumes } = await readCompose();
    const mounted = Object.values(services).flatMap(({ volumes: own = [] }) => own);
    expect(mounted.length).toBeGreaterThan(1);
    for (const volume of mounted) {
      const [source = ""] = volume.split(":");
      expect(source.startsWith(".") ? existsSync(path.join(root, source)) : source in volumes).toBe(true);
    }
  });
});

describe("deploy/haproxy.cfg", () => {
  it("takes from its environment what docker-compose.yml says", async () => {
    const { services } = await readCompose();
    const text = await read("deploy/haproxy.cfg");
    const named = Array.from(text.matchAll(/\$\{([A-Z_0-9]+)\}/g), ([, name]) => name);
    expect(named.sort()).toEqual(Object.keys(services.balancer?.environment ?? {}).sort());
    for (const instance of ["instance-1", "instance-2"])
      expect(Object.values(services.balancer?.environment ?? {})).toContain(`${instance}:4000`);
  });

  it.runIf(existsSync("/usr/sbin/haproxy"))("is what HAProxy understands", async () => {
    const env = {
      BALANCER_ADDRESS: "127.0.0.1:4000",
      INSTANCE_1: "127.0.0.1:4001",
      INSTANCE_2: "127.0.0.1:4002",
    };
    const checked = await promisify(execFile)(
      "/usr/sbin/haproxy",
      ["-c", "-f", path.join(root, "deploy/haproxy.cfg")],
      { env },
    );
    expect(checked.stdout + checked.stderr).not.toMatch(/warning|alert/i);
  });
});
