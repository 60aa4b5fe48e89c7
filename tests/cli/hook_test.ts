import assert from "node:assert/strict";
import { run } from "../lab/command.ts";
import { admin, base64, codeOf, PROGRAM, wrongCodeOf } from "../lab/program.ts";
import { sessionToken } from "../lab/session_token.ts";
import { listenForSyslog, withSyslogOf } from "../lab/syslog.ts";
import { LOG_LINE, ROOT_AND_ACCOUNT, withUser } from "../lab/user.ts";
import { testWith } from "../lab/requirements.ts";

testWith(
  ROOT_AND_ACCOUNT,
  "a login by hand: deferred, then accepted, one log line each",
  async () => {
    await withUser(async ({ username, password, secret, attempt }) => {
      const login = await attempt();
      const first = await login.password(username, password);
      assert.equal(first.status, 2);
      assert.equal(first.stdout, "");
      assert.match(first.stderr, LOG_LINE);
      assert.match(
        first.stderr,
        / step=password outcome=challenged by=crtext user=\S+ address=192.0.2.7 port=50000 common_name=client1\n/,
      );
      assert.equal(
        await login.pending(),
        "300\ncrtext\nCR_TEXT:R,E:Please enter your TOTP code\n",
      );
      assert.equal(await login.control(), "");

      const second = await login.answer(base64(codeOf(secret)));
      assert.equal(second.status, 0);
      assert.equal(second.stdout, "");
      assert.match(second.stderr, LOG_LINE);
      assert.match(second.stderr, / step=code outcome=accepted by=code /);
      assert.equal(await login.control(), "1");
      assert.equal(await login.reason(), "");
      assert.throws(
        () => Deno.statSync(login.files.response),
        Deno.errors.NotFound,
      );
    });
  },
);

testWith(
  ROOT_AND_ACCOUNT,
  "a refused code: reason, then 0, then exit status 1, and no second chance",
  async () => {
    await withUser(async ({ username, password, secret, attempt }) => {
      const login = await attempt();
      await login.password(username, password);
      const wrong = await login.answer(base64(wrongCodeOf(secret)));
      assert.equal(wrong.status, 1);
      assert.match(wrong.stderr, /outcome=refused reason=wrong_code/);
      assert.equal(await login.control(), "0");
      assert.match(await login.reason(), /^Wrong TOTP code/);

      const right = await login.answer(base64(codeOf(secret)));
      assert.equal(right.status, 1);
      assert.match(right.stderr, /reason=challenge_answered/);
      assert.equal(await login.control(), "0");
    });
  },
);

testWith(
  ROOT_AND_ACCOUNT,
  "every refusal of the password step leaves OpenVPN's files empty",
  async () => {
    await withUser(async ({ username, password, db, attempt }) => {
      const play = async (
        name: string,
        word: string | Uint8Array,
        settings = {},
      ) => {
        const login = await attempt(settings);
        const { status, stderr, stdout } = await login.password(name, word);
        assert.equal(status, 1);
        assert.equal(stdout, "");
        assert.match(stderr, LOG_LINE);
        assert.equal(stderr.includes(password), false);
        assert.equal(await login.pending(), "");
        assert.equal(await login.control(), "");
        assert.equal(await login.reason(), "");
        return stderr;
      };
      assert.match(await play(username, "wrong"), /reason=wrong_password/);
      assert.match(await play(username, ""), /reason=wrong_password/);
      assert.match(await play("", password), /reason=bad_username/);
      assert.match(
        await play(username, new Uint8Array([0x61, 0, 0x62])),
        /reason=bad_password/,
      );
      assert.match(
        await play(username, "x".repeat(100_000)),
        /file_error: .* is larger than 65536 bytes/,
      );
      await admin(db, ["delete", username]);
      assert.match(await play(username, password), /reason=not_enrolled/);
      assert.match(
        await play(username, password, { totpTokenDbPath: `${db}x` }),
        /database_missing: there is no database at /,
      );
    });
  },
);

testWith(
  ROOT_AND_ACCOUNT,
  "an answer counts only from the attempt that was challenged",
  async () => {
    await withUser(async ({ username, password, secret, attempt }) => {
      const changes: [change: Record<string, string>, detail: string][] = [
        [{ username: "someone-else" }, 'login name \\"someone-else\\" instead of '],
        [{ common_name: "client2" }, 'common name \\"client2\\" instead of \\"client1\\""'],
        [
          { untrusted_ip: "", untrusted_ip6: "2001:db8::8" },
          'address \\"2001:db8::8\\" instead of \\"192.0.2.7\\"; if clients change ',
        ],
      ];
      for (const [change, detail] of changes) {
        const login = await attempt();
        await login.password(username, password);
        Object.assign(login.env, change);
        const { status, stderr } = await login.answer(base64(codeOf(secret)));
        assert.equal(status, 1);
        assert.match(stderr, /reason=challenge_mismatch/);
        assert(stderr.includes(` detail="the answer came with ${detail}`), stderr);
        assert.equal(await login.control(), "0");
        assert.equal(await login.reason(), "");
      }

      const challenged = await attempt();
      await challenged.password(username, password);
      const unasked = await attempt();
      unasked.env.username = username;
      const { status, stderr } = await unasked.answer(base64(codeOf(secret)));
      assert.equal(status, 1);
      assert.match(stderr, /reason=no_challenge/);
      assert.equal(await unasked.control(), "0");
    });
  },
);

testWith(
  ROOT_AND_ACCOUNT,
  "of twenty answers at once to one challenge, one is taken",
  async () => {
    await withUser(async ({ username, password, secret, attempt }) => {
      const login = await attempt();
      await login.password(username, password);
      const code = base64(codeOf(secret));
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, i) => login.answer(code, String(i))),
      );
      const outcomes = answers.map(({ stderr }) => stderr.match(/outcome=(\w+)/)?.[1]);
      assert.equal(outcomes.filter((one) => one === "accepted").length, 1);
      assert.equal(outcomes.filter((one) => one === "unchanged").length, 19);
      assert.equal(await login.control(), "1");
    });
  },
);

testWith(
  ROOT_AND_ACCOUNT,
  "of twenty challenges answered at once with one code, one is accepted",
  async () => {
    await withUser(async ({ username, password, secret, attempt }) => {
      const logins = await Promise.all(
        Array.from({ length: 20 }, () => attempt()),
      );
      for (const login of logins) await login.password(username, password);
      const code = base64(codeOf(secret));
      const answers = await Promise.all(
        logins.map((login) => login.answer(code)),
      );
      const verdicts = await Promise.all(
        logins.map((login) => login.control()),
      );
      assert.equal(answers.filter(({ status }) => status === 0).length, 1);
      assert.equal(verdicts.filter((verdict) => verdict === "1").length, 1);
      assert.equal(verdicts.filter((verdict) => verdict === "0").length, 19);
    });
  },
);

testWith(
  ROOT_AND_ACCOUNT,
  "a verdict that is there is not overwritten",
  async () => {
    await withUser(async ({ username, password, secret, attempt }) => {
      const login = await attempt();
      await login.password(username, password);
      await Deno.writeTextFile(login.files.control, "0");
      const { status } = await login.answer(base64(codeOf(secret)));
      assert.equal(status, 1);
      assert.equal(await login.control(), "0");
    });
  },
);

testWith(
  ROOT_AND_ACCOUNT,
  "an answer that can't be delivered or read is a refusal",
  async () => {
    await withUser(async ({ username, password, secret, attempt }) => {
      const lost = await attempt();
      await lost.password(username, password);
      await Deno.remove(lost.files.control);
      const first = await lost.answer(base64(codeOf(secret)));
      assert.equal(first.status, 1);
      assert.match(first.stderr, /outcome=refused reason=failure .*file_error/);

      const huge = await attempt();
      await huge.password(username, password);
      const second = await huge.answer("A".repeat(100_000));
      assert.equal(second.status, 1);
      assert.match(
        second.stderr,
        /reason=malformed_code .*is larger than 4096 bytes/,
      );
      assert.equal(await huge.control(), "0");
      assert.throws(
        () => Deno.statSync(huge.files.response),
        Deno.errors.NotFound,
      );
    });
  },
);

testWith(
  ROOT_AND_ACCOUNT,
  "via-env: bytes that aren't UTF-8 are a wrong password, never an error that shows them",
  async () => {
    await withUser(async ({ username, password, attempt }) => {
      const login = await attempt();
      const call = (bytes: string) =>
        run("sh", [
          "-c",
          `export password="$(printf '${bytes}')"; exec ${PROGRAM}`,
        ], {
          clearEnv: true,
          env: { ...login.env, username, script_type: "user-pass-verify" },
        });
      const wrong = await call("s3cret\\377");
      assert.equal(wrong.status, 1);
      assert.match(wrong.stderr, /reason=wrong_password/);
      assert.equal(wrong.stderr.includes("s3cret"), false);
      assert.equal((await call(password)).status, 2);
    });
  },
);

testWith(
  ROOT_AND_ACCOUNT,
  "a session token counts only when OpenVPN verified it and the user is enrolled",
  async () => {
    const beforeEnrolment = Math.floor(Date.now() / 1000) - 1;
    await withUser(async ({ username, db, attempt }) => {
      // Later than the second of the enrolment, in which it may have been before.
      const now = () => Math.ceil(Date.now() / 1000);
      let token = sessionToken(now());
      const play = async (state: string | null, name = username) => {
        const login = await attempt(
          state === null ? {} : { session_state: state },
        );
        const { status } = await login.password(name, token);
        return status;
      };
      assert.equal(await play("Authenticated"), 0);
      for (
        const state of [
          null,
          "Initial",
          "Expired",
          "Invalid",
          "AuthenticatedEmptyUser",
          "ExpiredEmptyUser",
          "x",
        ]
      ) {
        assert.equal(await play(state), 1, String(state));
      }
      assert.equal(await play("Authenticated", "root"), 1);
      token = sessionToken(beforeEnrolment);
      assert.equal(
        await play("Authenticated"),
        1,
        "a login before the enrolment",
      );
      token = sessionToken(now());
      await admin(db, ["delete", username]);
      assert.equal(await play("Authenticated"), 1);
    });
  },
);

testWith(
  [],
  "any other script_type, or no environment to work with, is exit status 1 and a line",
  async () => {
    for (const script_type of ["", "up", "client-connect", "tls-verify"]) {
      const { status, stdout, stderr } = await run(PROGRAM, ["x"], {
        clearEnv: true,
        env: { script_type },
      });
      assert.equal(status, 1);
      assert.equal(stdout, "");
      assert.match(stderr, LOG_LINE);
      assert(stderr.includes(`script_type is \\"${script_type}\\"`), stderr);
    }
    for (const script_type of ["user-pass-verify", "client-crresponse"]) {
      const { status, stdout, stderr } = await run(PROGRAM, [], {
        clearEnv: true,
        env: { script_type },
      });
      assert.equal(status, 1);
      assert.equal(stdout, "");
      assert.match(stderr, LOG_LINE);
    }
  },
);

testWith(
  ROOT_AND_ACCOUNT,
  "totpLog writes to a file, and falls back to stderr",
  async () => {
    await withUser(async ({ username, directory, attempt }) => {
      const log = `${directory}/decisions.log`;
      for (let i = 0; i < 2; i++) {
        const login = await attempt({ totpLog: log });
        const { stderr } = await login.password(username, "wrong");
        assert.equal(stderr, "");
      }
      const lines = (await Deno.readTextFile(log)).split(/(?<=\n)/);
      assert.equal(lines.length, 2);
      for (const line of lines) assert.match(line, LOG_LINE);
      assert.equal(Deno.statSync(log).mode! & 0o777, 0o600);

      const login = await attempt({ totpLog: `${directory}/none/x.log` });
      const { status, stderr } = await login.password(username, "wrong");
      assert.equal(status, 1);
      assert.match(stderr, LOG_LINE);
      assert.match(stderr, / log_error="No such file/);
    });
  },
);

testWith(ROOT_AND_ACCOUNT, "totpLog writes to syslog", async () => {
  await withUser(async ({ username, directory, attempt }) => {
    using log = listenForSyslog(directory);
    const login = await attempt({ totpLog: "syslog" });
    login.wrap = log.wrap;
    const { status, stderr } = await login.password(username, "wrong");
    assert.equal(status, 1);
    assert.equal(stderr, "");
    const line = await log.nextLine("reason=wrong_password");
    // Facility authpriv (10), severity notice (5).
    assert(line.startsWith(`<${10 * 8 + 5}>`), line);
    assert.match(line, /openvpn-totp\[\d+\]: step=password outcome=refused /);
  });
});

testWith(
  ROOT_AND_ACCOUNT,
  "totpLog falls back to stderr where no syslog listens",
  async () => {
    await withUser(async ({ username, directory, attempt }) => {
      const login = await attempt({ totpLog: "syslog" });
      login.wrap = withSyslogOf(directory);
      const { status, stderr } = await login.password(username, "wrong");
      assert.equal(status, 1);
      assert.match(stderr, LOG_LINE);
      assert.match(stderr, / log_error="No such file/);
    });
  },
);
