/**
 * `deno task demo` builds the program, then shows a whole login step by step. It uses a real OpenVPN
 * server and client if this machine can run them; otherwise it plays OpenVPN's part itself.
 *
 * @module
 */
import { makeAccount } from "../tests/lab/accounts.ts";
import type { Output } from "../tests/lab/command.ts";
import { playAttempt } from "../tests/lab/hook_call.ts";
import { OpenvpnClient } from "../tests/lab/openvpn_client.ts";
import { OpenvpnServer } from "../tests/lab/openvpn_server.ts";
import { removeLeftovers } from "../tests/lab/leftovers.ts";
import { admin, base64, codeOf, makeTestDirectory } from "../tests/lab/program.ts";
import { missing, OPENVPN_LAB } from "../tests/lab/requirements.ts";
import { isLeftAtTheEnd } from "../tests/lab/owner.ts";

const LAB = OPENVPN_LAB.filter((name) => name !== "sqlite3");

let steps = 0;

function say(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

function step(line: string): void {
  say(`\n${++steps}. ${line}`);
}

function show(text: string): void {
  for (const line of text.trimEnd().split("\n")) say(`     ${line}`);
}

/** Throws if what was expected has not happened: the demo has failed. */
function expect(holds: boolean, what: string): void {
  if (!holds) throw new Error(`this should not be: ${what}`);
  say(`   -> ${what}`);
}

/** Enrols a user, shows what the administrator sees, and returns the secret. */
async function enrolled(db: string, username: string): Promise<string> {
  step(
    `The administrator enrols ${username} (openvpn-totp enroll ${username})`,
  );
  const { status, stdout, stderr } = await admin(db, ["enroll", username]);
  show(stdout + stderr);
  if (status !== 0) throw new Error("enrolment failed");
  return stdout.split("\n")[1]!;
}

async function realLogin(): Promise<void> {
  say("A real OpenVPN server and client, in two network namespaces of this");
  say(
    "machine; the account, the database and the keys are removed at the end.",
  );
  await using account = await makeAccount();
  const { username, password } = account;
  await using server = await OpenvpnServer.start();
  const secret = await enrolled(server.db, username);

  step("The server runs with the guide's lines in its configuration");
  const configuration = await Deno.readTextFile(
    `${server.directory}/server.conf`,
  );
  show(
    configuration.split("\n").filter((line) =>
      /^(script-security|auth-user-pass-verify|client-crresponse|auth-gen-token|setenv totp(?!Drift))/
        .test(line)
    ).join("\n"),
  );

  step("A client sends username and password; PAM says yes");
  await using client = await OpenvpnClient.connect(server, account);
  const text = await client.challenge();
  expect(true, `the client is asked: "${text}"`);

  const code = codeOf(secret);
  step(`The user reads ${code} from the authenticator app and types it`);
  await client.answer(code);
  const outcome = await client.outcome();
  expect(
    outcome.connected,
    `connected, with the address ${outcome.connected ? outcome.address : "-"}`,
  );
  expect(await client.ping(), "a ping to the server goes through the tunnel");

  step("Somebody who saw password and code tries both again");
  {
    await using thief = await OpenvpnClient.connect(server, account);
    await thief.challenge();
    await thief.answer(code);
    const refusal = await thief.outcome();
    expect(
      !refusal.connected,
      `refused: ${refusal.connected ? "" : refusal.reason}`,
    );
  }

  step("Somebody guesses the password");
  {
    await using guesser = await OpenvpnClient.connect(server, {
      username,
      password: `${password}?`,
    });
    expect(!(await guesser.outcome()).connected, "refused, asked for no code");
  }

  step("What the program logged");
  show(
    server.log.seen.filter((line) => line.includes("program=openvpn-totp"))
      .join("\n"),
  );
}

async function playedLogin(): Promise<void> {
  await using directory = await makeTestDirectory();
  const attempt = await playAttempt(directory.path, {
    totpTokenDbPath: directory.db,
  });
  if (missing(["root", "useradd"]).length === 0) {
    await using account = await makeAccount();
    return await play(account.username, account.password);
  }

  say("Without root there is no account to make: another factor decides about");
  say(
    "the password here (totpPrimaryAuth external), the program about the code.",
  );
  attempt.env.totpPrimaryAuth = "external";
  await play("exampleuser", "a password");

  async function play(username: string, password: string): Promise<void> {
    const secret = await enrolled(directory.db, username);

    step("OpenVPN runs the program as auth-user-pass-verify");
    const first = await attempt.password(username, password);
    report(first, 2, "deferred: the client is to be asked");
    show(await attempt.pending());

    const code = codeOf(secret);
    step(`The client answers ${code}; OpenVPN runs client-crresponse`);
    report(await attempt.answer(base64(code)), 0, "accepted");
    expect(
      await attempt.control() === "1",
      "the verdict that OpenVPN reads: 1",
    );

    step("The same code once more, on another attempt");
    const again = await playAttempt(directory.path, attempt.env);
    Object.assign(again.env, {
      auth_control_file: again.files.control,
      auth_pending_file: again.files.pending,
      auth_failed_reason_file: again.files.reason,
    });
    await again.password(username, password);
    report(await again.answer(base64(code)), 1, "refused");
    expect(await again.control() === "0", "the verdict that OpenVPN reads: 0");
    show(await again.reason());
  }

  function report(output: Output, status: number, meaning: string): void {
    show(output.stderr);
    expect(output.status === status, `exit status ${status}: ${meaning}`);
  }
}

const build = new Deno.Command(Deno.execPath(), {
  args: ["task", "--quiet", "build"],
}).spawn();
if (!(await build.status).success) Deno.exit(1);
Deno.addSignalListener("SIGINT", async () => {
  await removeLeftovers(isLeftAtTheEnd);
  Deno.exit(130);
});
try {
  say("");
  const lacking = missing(LAB);
  if (lacking.length === 0) {
    await realLogin();
  } else {
    say("OpenVPN's part is played by hand. For a real server and client, this");
    say(`machine lacks ${lacking.join("; ")}.`);
    await playedLogin();
  }
  say("\nAll of it went as it should.");
} catch (error) {
  say(`\nThe demo failed: ${error instanceof Error ? error.message : error}`);
  Deno.exit(1);
}
