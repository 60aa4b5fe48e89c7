import assert from "node:assert/strict";
import { makeAccount } from "../lab/accounts.ts";
import { mustRun } from "../lab/command.ts";
import { OpenvpnClient } from "../lab/openvpn_client.ts";
import { OpenvpnServer } from "../lab/openvpn_server.ts";
import { codeOf, copyProgram, keyFileOf, on, wrongCodeOf, wrongCodesOf } from "../lab/program.ts";
import { OPENVPN_LAB, testWith } from "../lab/requirements.ts";

/** Debian's user `nobody`. */
const NOBODY = 65534;

/** OpenVPN's own PAM plugin, in Debian's package. */
const PLUGIN = "/usr/lib/openvpn/openvpn-plugin-auth-pam.so";

/**
 * A server that drops its privileges, and users enrolled by the unprivileged user: the program, the
 * database and the key file are where that user can access them.
 */
async function startAsNobody(
  usernames: readonly string[],
  lines: readonly string[],
) {
  const secrets: string[] = [];
  const server = await OpenvpnServer.start(lines, async (directory) => {
    const program = await copyProgram(directory);
    const db = `${directory}/db/token_index.sqlite3`;
    await Deno.chmod(directory, 0o755);
    await Deno.mkdir(`${directory}/db`, { mode: 0o700 });
    for (const own of ["db", "tmp"]) {
      await Deno.chown(`${directory}/${own}`, NOBODY, NOBODY);
    }
    for (const username of usernames) {
      const args = [...on(db), "enroll", username];
      const output = await mustRun(program, args, { uid: NOBODY });
      secrets.push(output.split("\n")[1]!);
    }
    return [
      "user nobody",
      "group nogroup",
      `auth-user-pass-verify ${program} via-file`,
      `client-crresponse ${program}`,
      `setenv totpTokenDbPath ${db}`,
      `setenv totpKeyFile ${keyFileOf(db)}`,
    ];
  });
  return Object.assign(server, { secrets });
}

/** The lines of docs/codes-only.md for a server whose plugin checks passwords. */
const WITH_PLUGIN = [
  `plugin ${PLUGIN} login`,
  "setenv deferred_auth_pam 1",
  "setenv totpPrimaryAuth external",
];

testWith(
  OPENVPN_LAB,
  "as nobody with OpenVPN's plugin for PAM: password and code are both needed",
  async () => {
    await using account = await makeAccount();
    const { username, password } = account;
    await using server = await startAsNobody([username], WITH_PLUGIN);
    const [secret] = server.secrets;
    const outcomeOf = async (word: string, code: () => string) => {
      await using client = await OpenvpnClient.connect(server, {
        username,
        password: word,
      });
      await client.challenge();
      await client.answer(code());
      return await client.outcome();
    };
    const wrongCode = await outcomeOf(password, () => wrongCodeOf(secret!));
    assert(!wrongCode.connected);
    assert.equal(wrongCode.reason, "");
    // This is the right code of a later step, so the one used below stays unused.
    const wrongPassword = await outcomeOf("wrong", () => codeOf(secret!, -1));
    assert.equal(wrongPassword.connected, false);

    await using client = await OpenvpnClient.connect(server, account);
    await client.challenge();
    await client.answer(codeOf(secret!));
    assert.equal((await client.outcome()).connected, true);
    assert.equal(await client.ping(), true);
  },
);

testWith(
  OPENVPN_LAB,
  "as nobody with OpenVPN's plugin for PAM: nobody learns who is enrolled, nobody is locked out",
  async () => {
    await using account = await makeAccount();
    const { username } = account;
    await using server = await startAsNobody([username], [
      ...WITH_PLUGIN,
      "setenv totpMaxFailures 1",
    ]);
    const [secret] = server.secrets;
    const seen: string[] = [];
    for (const name of [username, "ovtotp-t-nobody"]) {
      await using client = await OpenvpnClient.connect(server, {
        username: name,
        password: "wrong",
      });
      seen.push(await client.challenge());
      await client.answer(wrongCodesOf(secret!, 1)[0]!);
      const outcome = await client.outcome();
      assert(!outcome.connected);
      seen.push(outcome.reason);
    }
    assert.deepEqual(seen.slice(2), seen.slice(0, 2));
    await using client = await OpenvpnClient.connect(server, account);
    await client.challenge();
    await client.answer(codeOf(secret!));
    assert.equal((await client.outcome()).connected, true);
  },
);

testWith(
  OPENVPN_LAB,
  "as nobody with OpenVPN's plugin for PAM: a static challenge's answer serves both",
  async () => {
    await using account = await makeAccount();
    await using server = await startAsNobody([account.username], WITH_PLUGIN);
    const [secret] = server.secrets;
    const outcomeOf = async (password: string, staticAnswer: string) => {
      const login = { ...account, password, sso: null, staticAnswer };
      await using client = await OpenvpnClient.connect(server, login);
      return (await client.outcome()).connected;
    };
    const { password } = account;
    assert.equal(await outcomeOf(password, wrongCodeOf(secret!)), false);
    assert.equal(await outcomeOf("wrong", codeOf(secret!, -1)), false);
    assert.equal(await outcomeOf(password, codeOf(secret!)), true);
  },
);

testWith(
  OPENVPN_LAB,
  "as nobody with certificates alone: the code decides",
  async () => {
    await using server = await startAsNobody(["exampleuser"], [
      "setenv totpPrimaryAuth external",
    ]);
    const [secret] = server.secrets;
    const login = { username: "exampleuser", password: "anything" };
    {
      await using client = await OpenvpnClient.connect(server, login);
      await client.challenge();
      await client.answer(wrongCodeOf(secret!));
      assert.equal((await client.outcome()).connected, false);
    }
    await using client = await OpenvpnClient.connect(server, login);
    await client.challenge();
    await client.answer(codeOf(secret!));
    assert.equal((await client.outcome()).connected, true);
    assert.equal(await client.ping(), true);
  },
);

testWith(
  OPENVPN_LAB,
  "as nobody with PAM, every login is refused and the log says what to do",
  async () => {
    await using account = await makeAccount();
    await using server = await startAsNobody([account.username], []);
    await using client = await OpenvpnClient.connect(server, account);
    assert.equal((await client.outcome()).connected, false);
    await server.log.waitFor(
      /reason=wrong_password .*as uid 65534, PAM .*remove `user` .*from .*configuration, or set totpPrimaryAuth external/,
    );
  },
);
