import assert from "node:assert/strict";
import type { Finding } from "../../src/server_setup/doctor/finding.ts";
import type { FindingId } from "../../src/server_setup/doctor/finding_ids.ts";
import { makeAccount } from "../lab/accounts.ts";
import { run } from "../lab/command.ts";
import { OpenvpnClient } from "../lab/openvpn_client.ts";
import { OpenvpnServer, WITHOUT_TOKENS } from "../lab/openvpn_server.ts";
import { enroll, PROGRAM } from "../lab/program.ts";
import { OPENVPN_LAB, testScripts } from "../lab/requirements.ts";

/** What `doctor` finds. */
async function finding(config: string, id: FindingId): Promise<Finding> {
  const { stdout } = await run(PROGRAM, ["doctor", "--config", config, "--json"]);
  const { findings } = JSON.parse(stdout) as { findings: Finding[] };
  return findings.find((one) => one.id === id)!;
}

/** How long users have to answer by what `doctor` says, in seconds. */
async function timeByDoctor(config: string): Promise<{ least: number; most: number }> {
  const { what } = await finding(config, "challenge_time");
  const [, least, most = least] = what.match(/^users have (\d+)(?: to (\d+))? seconds/)!;
  return { least: Number(least), most: Number(most) };
}

testScripts(
  OPENVPN_LAB,
  "users have as long to answer as doctor says, whatever reneg-sec and hand-window are",
  async (t) => {
    await using account = await makeAccount();
    for (
      const [lines, least, most] of [
        [["setenv totpChallengeTimeout 45"], 45, 45],
        [[WITHOUT_TOKENS, "reneg-sec 0"], 60, 60],
        [["reneg-sec 100", "hand-window 20"], 45, 50],
        [["reneg-sec 100 60", "hand-window 20"], 30, 50],
        [["reneg-sec 100 60", "reneg-sec 100", "hand-window 20"], 30, 50],
        [["reneg-sec 400", "hand-window 200"], 200, 200],
      ] as const
    ) {
      await t.step(lines.join(", "), async () => {
        await using server = await OpenvpnServer.start([...lines]);
        await enroll(server.db, account.username);
        const said = await timeByDoctor(`${server.directory}/server.conf`);
        assert.deepEqual(said, { least, most });
        const began = Date.now();
        await using client = await OpenvpnClient.connect(server, account);
        const [, text] = await client.events.waitFor(/AUTH_PENDING,timeout (\d+)/);
        // OpenVPN takes off what the handshake and the password have taken.
        const gone = Math.ceil((Date.now() - began) / 1000) + 1;
        const seconds = Number(text);
        assert(seconds <= most && seconds >= least - gone, `${seconds} seconds, ${gone} gone`);
      });
    }
  },
);

/** Puts an advised line where it belongs: in place of the one that is named, or at the end. */
async function follow(config: string, { line, at }: Finding): Promise<void> {
  const lines = (await Deno.readTextFile(config)).trimEnd().split("\n");
  const place = at === null ? lines.length : Number(at.slice(`${config}:`.length)) - 1;
  lines.splice(place, 1, line!);
  await Deno.writeTextFile(config, `${lines.join("\n")}\n`);
}

testScripts(
  OPENVPN_LAB,
  "where OpenVPN does not start because tokens are renewed too often, doctor says what helps",
  async () => {
    await using server = await OpenvpnServer.start([WITHOUT_TOKENS]);
    const config = `${server.directory}/server.conf`;
    const text = await Deno.readTextFile(config);
    const plain = "auth-gen-token";
    for (
      const [lines, ...advice] of [
        [["reneg-sec 119 60", plain], "reneg-sec 3600"],
        [["hand-window 2000", plain], "reneg-sec 4000"],
        [[`${plain} 86400 119 external-auth`], `${plain} 86400 120 external-auth`],
        [["reneg-sec 0", `${plain} 0 60`], "reneg-sec 3600", `${plain} 0 120`],
        [[`${plain} 0 60`, plain], `${plain} 0 120`],
        [["reneg-sec 119 60", "reneg-sec 119", plain], "reneg-sec 3600 3240"],
      ] as const
    ) {
      await Deno.writeTextFile(config, [text, ...lines].join("\n"));
      for (const line of advice) {
        const { status, stdout } = await run("openvpn", ["--config", config]);
        assert.equal(status, 1);
        assert.match(stdout, /Options error: --auth-gen-token/);
        const found = await finding(config, "session_token");
        assert.equal(found.level, "problem");
        assert.match(found.why!, /OpenVPN does not start/);
        assert.equal(found.line, line);
        await follow(config, found);
      }
      assert.equal((await finding(config, "session_token")).level, "ok");
      await server.restart();
    }
  },
);
