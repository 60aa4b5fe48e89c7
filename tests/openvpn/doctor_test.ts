import assert from "node:assert/strict";
import type { Finding } from "../../src/server_setup/doctor/finding.ts";
import { makeAccount } from "../lab/accounts.ts";
import { mustRun, run } from "../lab/command.ts";
import { MACHINE_FINDINGS } from "../lab/machine_findings.ts";
import { OpenvpnClient } from "../lab/openvpn_client.ts";
import { OpenvpnServer, WITHOUT_TOKENS } from "../lab/openvpn_server.ts";
import { codeOf, enroll, PROGRAM } from "../lab/program.ts";
import { OPENVPN_LAB, testWith } from "../lab/requirements.ts";

const OLDER = "/etc/openvpn/openvpn_pam_totp.py";

/**
 * Ids of the findings that are not well, except those that depend on the machine that runs the
 * tests, or come of the wide drift window that the tests need.
 */
async function findingsAt(config: string): Promise<string[]> {
  const args = ["doctor", "--config", config, "--json"];
  const { stdout } = await run(PROGRAM, args);
  const { findings } = JSON.parse(stdout) as { findings: Finding[] };
  return findings.filter(({ id, level }) =>
    level !== "ok" && ![...MACHINE_FINDINGS, "guessing"].includes(id)
  ).map(({ id }) => id);
}

testWith(
  OPENVPN_LAB,
  "a server configured for an older script works after setup, and doctor says so",
  async () => {
    await using account = await makeAccount();
    let before: string[] = [];
    await using server = await OpenvpnServer.start(
      [
        "script-security 1",
        `auth-user-pass-verify ${OLDER} via-env`,
        `client-crresponse ${OLDER}`,
        WITHOUT_TOKENS,
      ],
      undefined,
      async (config) => {
        before = await findingsAt(config);
        const secret = config.replace("server.conf", "auth-token.key");
        await mustRun(PROGRAM, [
          ...["setup", "--config", config, "--yes", "--no-apparmor"],
          ...["--token-secret", secret],
        ]);
      },
    );
    assert.deepEqual(before, [
      ...["script_security", "password_script", "password_method"],
      ...["code_script", "session_token", "database"],
    ]);
    const secret = await enroll(server.db, account.username);
    assert.deepEqual(await findingsAt(`${server.directory}/server.conf`), []);

    await using client = await OpenvpnClient.connect(server, account);
    await client.challenge();
    await client.answer(codeOf(secret));
    assert.equal((await client.outcome()).connected, true);
    assert.equal(await client.ping(), true);
  },
);
