import assert from "node:assert/strict";
import type { Finding } from "../../src/server_setup/doctor/finding.ts";
import { makeAccount } from "../lab/accounts.ts";
import { mustRun, run } from "../lab/command.ts";
import { playAttempt } from "../lab/hook_call.ts";
import { startPostgres } from "../lab/postgres.ts";
import { base64, codeOf, makeTestDirectory, PROGRAM } from "../lab/program.ts";
import { POSTGRES_LAB, testWith } from "../lab/requirements.ts";

testWith(
  ["root", ...POSTGRES_LAB],
  "root's commands and hooks use a key file and passfile of the service's user with its rights",
  async () => {
    await using server = await startPostgres({ settings: { fsync: "on" } });
    await using directory = await makeTestDirectory();
    await using account = await makeAccount();
    const [uid, gid] = await Promise.all(
      ["-u", "-g"].map(async (which) => Number(await mustRun("id", [which, account.username]))),
    ) as [number, number];
    const { ownerUrl, login, password, address } = await server.makeDatabase();
    await mustRun(PROGRAM, ["--database", ownerUrl, "database", "init", "--role", login]);
    const own = `${directory.path}/own`;
    await Deno.chmod(directory.path, 0o711);
    // As systemd makes /etc/openvpn-totp.
    await Deno.mkdir(own);
    await Deno.chown(own, 0, gid);
    await Deno.chmod(own, 0o750);
    const passfile = `${own}/pass`;
    const escaped = password.replaceAll(/[\\:]/g, "\\$&");
    await Deno.writeTextFile(passfile, `*:*:*:*:${escaped}\n`, { mode: 0o600 });
    const key = `${own}/key`;
    const url = address({ parameters: { passfile } });
    const on = (...args: string[]) => run(PROGRAM, ["--database", url, "--key", key, ...args]);
    const must = async (...args: string[]) => {
      const { status, stdout, stderr } = await on(...args);
      assert.equal(stderr, "");
      assert.equal(status, 0);
      return stdout;
    };

    const [, secret] = (await must("enroll", "root")).split("\n");
    for (const path of [passfile, key]) await Deno.chown(path, uid, gid);
    assert.match(await must("show", "--secret", "root"), new RegExp(secret!));
    await must("rekey", "--add");
    await must("enroll", "daemon");
    assert.equal(Deno.statSync(key).uid, uid);
    await must("database", "copy", "--from", url, "--to", `${directory.path}/copy`, "--yes");
    assert.equal(Deno.statSync(`${directory.path}/copy`).uid, 0);

    // From a file of that user's, too.
    const place = `${directory.path}/file`;
    await Deno.mkdir(place, { mode: 0o700 });
    const file = ["--db", `${place}/db`, "--key", key];
    await Deno.rename(`${directory.path}/copy`, `${place}/db`);
    for (const path of [place, `${place}/db`]) await Deno.chown(path, uid, gid);
    const again = ["database", "copy", "--from", `${place}/db`, "--to", `${directory.path}/copy`];
    await mustRun(PROGRAM, [...file.slice(2), ...again, "--yes"]);
    assert.deepEqual([...Deno.readDirSync(place)].map(({ name }) => name), ["db"]);

    const config = `${directory.path}/server.conf`;
    await Deno.writeTextFile(
      config,
      `setenv totpDatabase "${url}"\nsetenv totpKeyFile ${key}\n`,
    );
    const { stdout } = await run(PROGRAM, ["doctor", "--config", config, "--json"]);
    const about = (JSON.parse(stdout).findings as Finding[])
      .filter(({ id }) => /^(database|secrets)/.test(id));
    assert.deepEqual(about.filter(({ level }) => level !== "ok"), []);
    assert.ok(about.length > 5);

    const attempt = await playAttempt(directory.path, {
      totpDatabase: url,
      totpKeyFile: key,
      totpPrimaryAuth: "external",
    });
    const asked = await attempt.password("root", "any");
    assert.equal(asked.status, 2, asked.stderr);
    const answered = await attempt.answer(base64(codeOf(secret!)));
    assert.equal(answered.status, 0, answered.stderr);
  },
);
