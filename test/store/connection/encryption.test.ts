import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import mysql, { type RowDataPacket } from "mysql2/promise";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { parseDatabaseUrl } from "../../../src/database-url.js";
import { errorCode } from "../../../src/store/database-errors.js";
import { Database } from "../../../src/store/database.js";
import { builtCommand } from "../../support/built-command.js";
import { createTestDatabase, sample, startService, type TestDatabase } from "../../support/service.js";
import { startTappedProxy } from "../../support/tapped-proxy.js";

const run = promisify(execFile);

/** SQLite is a file. The servers of .ci/servers.sh offer TLS with a certificate for localhost. */
describe.runIf(process.env.TEST_DATABASE_URL !== undefined)("the way to the database", () => {
  let database: TestDatabase;
  let folder: string;
  let authority: string;
  const user = `tls_${randomUUID().slice(0, 8)}`;
  const administer = async (statement: string) => {
    const connection = await mysql.createConnection(database.url);
    const [rows] = await connection.query<RowDataPacket[]>(statement);
    await connection.end();
    return rows;
  };

  beforeAll(async () => {
    database = await createTestDatabase();
    folder = await mkdtemp(path.join(tmpdir(), "encryption-"));
    await administer(`CREATE USER '${user}'@'%' IDENTIFIED BY 'a b%c' REQUIRE SSL`);
    const name = new URL(database.url).pathname.slice(1);
    await administer(`GRANT ALL ON ${name}.* TO '${user}'@'%'`);
    const [files] = await administer("SELECT @@ssl_ca AS ca, @@datadir AS folder");
    expect(files?.ca, "The server of TEST_DATABASE_URL offers no TLS.").toBeTruthy();
    authority = path.resolve(String(files?.folder), String(files?.ca));
    const [key, certificate] = [path.join(folder, "key.pem"), path.join(folder, "other-ca.pem")];
    const kind = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=other".split(
      " ",
    );
    await run("openssl", [...kind, "-keyout", key, "-out", certificate]);
  });
  afterAll(async () => {
    await administer(`DROP USER '${user}'@'%'`);
    await database.drop();
    await rm(folder, { recursive: true, force: true });
  });

  /** The test's database, for the account that may not come in clear text. */
  function urlWith(options: Record<string, string>, host = "localhost"): string {
    const url = new URL(database.url);
    Object.assign(url, { hostname: host, username: user, password: "a%20b%25c" });
    url.search = new URLSearchParams(options).toString();
    return url.href;
  }

  /** What all but the service itself do: probe, migrate, write, read. @returns "connected", or why not */
  async function open(url: string): Promise<string> {
    try {
      const opened = await Database.open(parseDatabaseUrl(url), 2);
      await opened.read("SELECT 1");
      await opened.transaction((transaction) => transaction.query("SELECT 1"));
      await opened.close();
      return "connected";
    } catch (error) {
      return errorCode(error);
    }
  }

  it("shows nothing of what travels, where the server demands TLS, and everything without", async () => {
    const heard: Record<string, boolean> = {};
    for (const [mode, account] of [
      ["required", urlWith({ "ssl-mode": "required" })],
      ["disabled", database.url],
    ] as const) {
      const proxy = await startTappedProxy(new URL(database.url));
      const url = new URL(account);
      url.port = String(proxy.port);
      const service = await startService({}, { ...database, url: url.href });
      const payload = await sample("analyzed");
      const marker = `marker-${randomUUID()}`;
      payload.data.chat_summary = marker;
      payload.request_id = payload.data.id = randomUUID();
      expect((await service.post(payload)).status).toBe(200);
      const query = "query Summary($id: ID!) { session(id: $id) { chatSummary } }";
      const { data } = await service.query(query, { id: payload.data.id });
      expect(data).toEqual({ session: { chatSummary: marker } });
      await service.stop();
      await proxy.close();
      heard[mode] = proxy.heard().includes(marker);
    }
    expect(heard).toEqual({ required: false, disabled: true });
  });

  it("is refused in clear text where the server demands TLS", async () => {
    expect(await open(urlWith({}))).toMatch(/^ER_ACCESS_DENIED/);
  });

  it.each([
    ["required", "", "localhost", "connected"],
    ["verify_ca", "right", "localhost", "connected"],
    ["verify_ca", "right", "127.0.0.1", "connected"],
    ["verify_ca", "wrong", "localhost", "HANDSHAKE_SSL_ERROR"],
    ["verify_ca", "", "localhost", "HANDSHAKE_SSL_ERROR"],
    ["verify_identity", "right", "localhost", "connected"],
    ["verify_identity", "wrong", "localhost", "HANDSHAKE_SSL_ERROR"],
    // The resolver takes it for 127.0.0.1; the certificate does not know it.
    ["verify_identity", "right", "127.1", "HANDSHAKE_SSL_ERROR"],
    ["verify_ca", "right", "127.1", "connected"],
  ])("with ssl-mode=%s, the %s CA and the host %s: %s", async (mode, ca, host, outcome) => {
    const files = { right: authority, wrong: path.join(folder, "other-ca.pem") };
    const file: Record<string, string> = ca === "" ? {} : { "ssl-ca": files[ca as keyof typeof files] };
    expect(await open(urlWith({ "ssl-mode": mode, ...file }, host))).toBe(outcome);
  });

  it("shows the client's certificate, where the server demands one", async () => {
    await administer(`ALTER USER '${user}'@'%' REQUIRE X509`);
    const [key, certificate] = [path.join(folder, "client-key.pem"), path.join(folder, "client.pem")];
    const authorityKey = path.join(path.dirname(authority), "ca-key.pem");
    const signed = `req -x509 -newkey rsa:2048 -nodes -subj /CN=client -CA ${authority} -CAkey ${authorityKey}`;
    await run("openssl", [...signed.split(" "), "-keyout", key, "-out", certificate]);
    try {
      const options = { "ssl-mode": "verify_identity", "ssl-ca": authority };
      expect(await open(urlWith(options))).toMatch(/^ER_ACCESS_DENIED/);
      expect(await open(urlWith({ ...options, "ssl-cert": certificate, "ssl-key": key }))).toBe("connected");
    } finally {
      await administer(`ALTER USER '${user}'@'%' REQUIRE SSL`);
    }
  });

  it("is encrypted for TypeORM's command line too", async () => {
    vi.stubEnv("DATABASE_URL", urlWith({ "ssl-mode": "required" }));
    try {
      const { default: dataSource } = await import("../../../ormconfig.js");
      await dataSource.initialize();
      await dataSource.destroy();
    } finally {
      vi.unstubAllEnvs();
    }
  });

  it("leads to databases with dots in their names", async () => {
    const name = `test.${randomUUID()}`;
    await administer(`CREATE DATABASE \`${name}\``);
    try {
      const url = new URL(database.url);
      url.pathname = `/${name}`;
      const service = await startService({}, { url: url.href, drop: () => Promise.resolve() });
      expect((await service.post(await sample("ended"))).status).toBe(200);
      await service.restart();
      expect((await fetch(`${service.url}/readyz`)).status).toBe(200);
      await service.stop();
      const check = [builtCommand("migrate"), "--check"];
      const env = { PATH: process.env.PATH, DATABASE_URL: url.href };
      const { stdout } = await run(process.execPath, check, { env });
      expect(stdout).toContain("The migrations make exactly the tables of the entities.");
    } finally {
      await administer(`DROP DATABASE \`${name}\``);
    }
  });
});
