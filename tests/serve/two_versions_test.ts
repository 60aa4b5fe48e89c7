import assert from "node:assert/strict";
import { postgresPlace } from "../../src/core/postgres_url.ts";
import { initSchema } from "../../src/store/postgres/init.ts";
import { MIGRATIONS, SCHEMA_VERSION } from "../../src/store/postgres/migrations.ts";
import { makeAccount } from "../lab/accounts.ts";
import { mustRun, run } from "../lab/command.ts";
import { pamWith } from "../lab/fake_helpers.ts";
import { playAttempt } from "../lab/hook_call.ts";
import { PATIENCE_MS } from "../lab/patience.ts";
import { startPostgres } from "../lab/postgres.ts";
import { base64, codeOf, PROGRAM } from "../lab/program.ts";
import { POSTGRES_LAB, testWith } from "../lab/requirements.ts";
import { CLIENT, ServiceRig } from "../lab/service_rig.ts";

testWith(
  [...POSTGRES_LAB, "root", "useradd"],
  "service, hooks and commands go on beside a newer program, until it leaves them behind",
  async () => {
    await using postgres = await startPostgres();
    const database = await postgres.makeDatabase();
    await using account = await makeAccount();
    const { username, password } = account;
    await using rig = await ServiceRig.start({
      settings: [`totpDatabase ${database.url}`],
      pam: pamWith(password),
    });
    const place = ["--database", database.url, "--key", rig.keyFile];
    const [, secret] = (await mustRun(PROGRAM, [...place, "enroll", "--", username])).split("\n");
    let steps = -1;
    const byService = async () => {
      const key = `${++steps} 1`;
      rig.server.logIn(key, username, password, CLIENT);
      const [asked] = await rig.server.word(key);
      if (asked !== "client-pending-auth") return asked;
      rig.server.answer(key, codeOf(secret!, steps), username, CLIENT);
      return (await rig.server.word(key))[0];
    };
    const byHook = async () => {
      const attempt = await playAttempt(rig.directory, {
        totpDatabase: database.url,
        totpKeyFile: rig.keyFile,
        totpPamService: "login",
        totpDriftSteps: "10",
      });
      const asked = await attempt.password(username, password);
      if (asked.status !== 2) return asked.stderr;
      const answered = await attempt.answer(base64(codeOf(secret!, ++steps)));
      return answered.status === 0 ? "accepted" : answered.stderr;
    };
    const update = (migrations: number) => {
      const next = Array.from({ length: migrations }, (_, i) => ({
        oldestProgram: SCHEMA_VERSION + i,
        sql: `ALTER TABLE openvpn_totp.enrolments ADD COLUMN added${i} text;\n` +
          `ALTER TABLE openvpn_totp.decisions ADD COLUMN added${i} text;\n`,
      }));
      const owner = postgresPlace(database.ownerUrl, PATIENCE_MS)!;
      return initSchema(owner, null, [...MIGRATIONS, ...next]);
    };
    const list = () => run(PROGRAM, [...place, "list", "--json"]);

    assert.equal(await byService(), "client-auth-nt");
    assert.equal(await byHook(), "accepted");
    await update(1);
    assert.equal(await byService(), "client-auth-nt");
    assert.equal(await byHook(), "accepted");
    assert.equal((await list()).status, 0);

    await update(2);
    assert.equal(await byService(), "client-deny");
    assert.match(await byHook(), /reason=failure .*database_newer: .*install the newer/);
    const { status, stderr } = await list();
    assert.match(
      stderr,
      new RegExp(`has schema version ${SCHEMA_VERSION + 2}, .*: install the newer openvpn-totp`),
    );
    assert.equal(status, 1);
  },
);
