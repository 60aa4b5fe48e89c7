import assert from "node:assert/strict";
import type { Finding } from "../../src/server_setup/doctor/finding.ts";
import { mustRun, run } from "../lab/command.ts";
import { MACHINE_FINDINGS } from "../lab/machine_findings.ts";
import { startPostgres } from "../lab/postgres.ts";
import { makeTestDirectory, PROGRAM } from "../lab/program.ts";
import { POSTGRES_LAB, testWith } from "../lab/requirements.ts";

/** What depends on the machine, on which there may be no OpenVPN. */
const MACHINE = [...MACHINE_FINDINGS, "openvpn_version"];

testWith(
  ["root", ...POSTGRES_LAB],
  "doctor finds what is wrong with a database on a server, and changes nothing",
  async (t) => {
    await using server = await startPostgres({ settings: { fsync: "on" } });
    await using directory = await makeTestDirectory();
    const { path } = directory;
    const database = await server.makeDatabase();
    const { login, ownerUrl, psql } = database;
    const init = () =>
      mustRun(PROGRAM, ["--database", ownerUrl, "database", "init", "--role", login]);
    const config = `${path}/server.conf`;
    await Deno.writeTextFile(`${path}/token.key`, "", { mode: 0o600 });
    const findings = async (url: string) => {
      const lines = [
        "script-security 2",
        `auth-user-pass-verify ${PROGRAM} via-file`,
        `client-crresponse ${PROGRAM}`,
        "auth-gen-token",
        `auth-gen-token-secret ${path}/token.key`,
        `setenv totpDatabase ${url}`,
        `setenv totpKeyFile ${path}/key`,
      ];
      await Deno.writeTextFile(config, `${lines.join("\n")}\n`);
      const { stdout, stderr } = await run(PROGRAM, ["doctor", "--config", config, "--json"]);
      assert(stdout.startsWith("{"), stderr);
      return (JSON.parse(stdout).findings as Finding[])
        .filter(({ id, level }) => level !== "ok" && !MACHINE.includes(id))
        .map(({ level, id, what }) => `${level} ${id}: ${what}`);
    };
    const finds = async (url: string, ...expected: RegExp[]) => {
      const found = await findings(url);
      assert.equal(found.length, expected.length, found.join("\n"));
      for (const [i, pattern] of expected.entries()) assert.match(found[i]!, pattern);
    };
    const rows = () =>
      psql(
        "SELECT (SELECT count(*) FROM openvpn_totp.notices), (SELECT count(*) FROM openvpn_totp.decisions)",
      );

    await t.step("no tables yet", async () => {
      await psql("DROP SCHEMA IF EXISTS openvpn_totp CASCADE");
      await finds(database.url, /^problem database: .* no tables.*run openvpn-totp database init/);
    });
    await init();
    await t.step("nobody enrolled", async () => {
      await finds(database.url, /^warning secrets: nobody is enrolled/);
    });
    const key = ["--key", `${path}/key`];
    await mustRun(PROGRAM, ["--database", database.url, ...key, "enroll", "root"]);
    await t.step("all is well, by TCP and by the socket", async () => {
      await finds(database.url);
      await finds(database.socketUrl);
      assert.equal(await rows(), "0|0");
    });
    await t.step("a role with more rights than it needs", async () => {
      await finds(
        ownerUrl,
        /^warning database_role: .*_owner, which logins use, owns the tables and/,
      );
    });
    await t.step("a role that lacks a right", async () => {
      await psql(`REVOKE DELETE ON openvpn_totp.notices FROM ${login}`);
      await finds(
        database.url,
        /^problem database_write: .*lacks rights/,
        /^problem database_role: .* lacks rights on notices/,
      );
      await init();
      await finds(database.url);
    });
    await t.step("tables of another version", async () => {
      await psql("UPDATE openvpn_totp.schema_version SET version = 99, oldest_program = 1");
      await finds(database.url);
      await psql("UPDATE openvpn_totp.schema_version SET oldest_program = 99");
      await finds(database.url, /^problem database: .*version 99.*install the newer/);
      await psql("UPDATE openvpn_totp.schema_version SET version = 1, oldest_program = 1");
    });
    await t.step("another host that does not answer, and no synchronous replication", async () => {
      const hosts = ["127.0.0.1:1", `127.0.0.1:${server.port}`];
      await finds(
        database.address({ hosts }),
        /^warning database_server: .*127\.0\.0\.1:1 /,
        /^warning database_commit: .*asynchronously/,
      );
    });
    await t.step("no password for the server", async () => {
      await Deno.writeTextFile(`${path}/pass`, "elsewhere:*:*:*:right\n", { mode: 0o600 });
      const passfile = `${path}/pass`;
      await finds(
        database.address({ parameters: { passfile } }),
        /^problem database: .*asks for a password, and no line of .*pass fits/,
        /^problem database_server: /,
      );
      await finds(
        `postgres://${database.login}@127.0.0.1:${server.port}/${database.name}`,
        /^problem database: .*asks for a password: name the file/,
        /^problem database_server: /,
      );
    });
    await t.step("a password that is wrong", async () => {
      await Deno.writeTextFile(`${path}/pass`, "*:*:*:*:wrong\n", { mode: 0o600 });
      const url = database.address({ parameters: { passfile: `${path}/pass` } });
      await finds(url, /^problem database: .* refuses the user/, /^problem database_server: /);
      await Deno.chmod(`${path}/pass`, 0o644);
      await finds(url, /^problem database: .*pass has mode 0644/, /^problem database_server: /);
    });
    await t.step("no server at all", async () => {
      await server.stop();
      await finds(
        database.url,
        /^problem database: .*cannot be used/,
        /^problem database_server: /,
      );
      await server.start();
      assert.equal(await rows(), "0|0");
    });
    await t.step("a URL that is not allowed", async () => {
      await finds(
        "postgres://u:geheim@h/d",
        /^problem settings: totpDatabase is not allowed: it contains a password/,
      );
    });
  },
);
