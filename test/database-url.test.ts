import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadConfig } from "../src/config.js";
import { isReadableOnTheWay, parseDatabaseUrl } from "../src/database-url.js";

function problemOf(url: string): string {
  try {
    loadConfig({ DATABASE_URL: url });
    return "";
  } catch (error) {
    return String(error);
  }
}

const plain = {
  kind: "server",
  host: "localhost",
  port: 3306,
  socketPath: undefined,
  user: "u",
  password: "p",
  database: "app",
  tls: undefined,
};
const withTls = (verify: string) => ({
  ...plain,
  tls: { verify, ca: undefined, cert: undefined, key: undefined },
});

describe("DATABASE_URL", () => {
  let folder: string;
  const file = (name: string) => path.join(folder, name);
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "database-url-"));
    await writeFile(file("nonsense.pem"), "a-secret-in-a-file");
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it.each([
    ["mysql://u:p@localhost/app", plain],
    ["mariadb://u:p@localhost:3307/app", { ...plain, port: 3307 }],
    ["mysql://u:p@[::1]:3307/app", { ...plain, host: "::1", port: 3307 }],
    ["mysql://u%40x:p%2F%3A%25@localhost/app.of%2Fours", { user: "u@x", password: "p/:%" }],
    ["mysql://u:p@localhost/app.of.ours", { ...plain, database: "app.of.ours" }],
    ["mysql:///app?socket=/run/db.sock", { host: "localhost", user: "", socketPath: "/run/db.sock" }],
    ["mysql://u:p@localhost/app?socketPath=/run/db.sock", { ...plain, socketPath: "/run/db.sock" }],
    ["mysql://u:p@localhost/app?ssl-mode=DISABLED", plain],
    ["mysql://u:p@localhost/app?ssl=false", plain],
    ["mysql://u:p@localhost/app?ssl-mode=REQUIRED", withTls("nothing")],
    ["mysql://u:p@localhost/app?sslmode=require", withTls("nothing")],
    ["mysql://u:p@localhost/app?sslMode=VERIFY_CA", withTls("ca")],
    ["mysql://u:p@localhost/app?ssl_mode=verify-full", withTls("identity")],
    ["mysql://u:p@localhost/app?ssl=true", withTls("identity")],
    ['mysql://u:p@localhost/app?ssl={"rejectUnauthorized":true}', withTls("identity")],
    ['mysql://u:p@localhost/app?ssl={"rejectUnauthorized":false}', withTls("nothing")],
  ])("reads %s", (url, expected) => {
    expect(loadConfig({ DATABASE_URL: url }).database).toMatchObject(expected);
  });

  it.each([
    ["mysql://u:hunter2@db/app?tls=1", "option tls is unknown"],
    ["mysql://u:hunter2@db/app?ssl-mode=preferred", "falls back to clear text"],
    ["mysql://u:hunter2@db/app?ssl-mode=maybe", "option ssl-mode must be"],
    ["mysql://u:hunter2@db/app?ssl=maybe", "option ssl must be"],
    ["mysql://u:hunter2@db/app?ssl=true&sslmode=required", "ssl and ssl-mode must not be given together"],
    ["mysql://u:hunter2@db/app?ssl=true&ssl=true", "option ssl is given twice"],
    ["mysql://u:hunter2@db/app?ssl-ca=", "option ssl-ca must not be empty"],
    ["mysql://u:hunter2@10.0.0.7/app?ssl=true", "verify_identity needs a host name"],
    ["mysql://u:hunter2@[fd00::1]/app?ssl-mode=verify_identity", "verify_identity needs a host name"],
    ["mysql://u:hunter2@db/app?ssl-ca=/none/ca.pem", "option ssl-ca: the file cannot be read (ENOENT)"],
    ["mysql://u:hunter2@db/app?ssl-mode=required&ssl-ca=/none/ca.pem", "option ssl-ca needs ssl-mode=verify"],
    ["mysql://u:hunter2@db/app?ssl=false&ssl-key=/none/key.pem", "option ssl-key contradicts"],
    ["mysql://u:hunter2%@db/app", "a percent sign that encodes nothing"],
    ["mysql://u:hunter2@db/app#hunter2", "must hold no #"],
    ["mysql://u:33/app?hunter2@db/app", "has an unknown option"],
    ["mysql://u:hunter2@db/", "must be mysql://"],
    ["mysql://u:hunter2@db/app/other", "must be mysql://"],
  ])("refuses %s, and repeats no secret", (url, message) => {
    expect(problemOf(url)).toContain(`DATABASE_URL: `);
    expect(problemOf(url)).toContain(message);
    expect(problemOf(url)).not.toContain("hunter2");
  });

  it.each([
    ["ssl-ca", "the file holds no certificate in PEM"],
    ["ssl-cert", "the file holds no certificate in PEM"],
    ["ssl-key", "the file holds no unencrypted private key in PEM"],
  ])("refuses a file of %s that is none", (name, message) => {
    const problem = problemOf(`mysql://u:p@db/app?${name}=${file("nonsense.pem")}`);
    expect(problem).toContain(`option ${name}: ${message}`);
    expect(problem).not.toContain("a-secret-in-a-file");
  });

  it.each([
    ["mysql://u:p@db.example/app", true],
    ["mysql://u:p@10.0.0.7/app", true],
    ["mysql://u:p@[fd00::1]/app", true],
    ["mysql://u:p@db.example/app?ssl-mode=disabled", true],
    ["mysql://u:p@db.example/app?ssl-mode=required", false],
    ["mysql://u:p@localhost/app", false],
    ["mysql://u:p@[::1]/app", false],
    ["mysql://u:p@db.example/app?socket=/run/db.sock", false],
    ["sqlite:x.sqlite", false],
  ])("says whether others can read on the way to %s: %s", (url, expected) => {
    expect(isReadableOnTheWay(parseDatabaseUrl(url))).toBe(expected);
  });
});
