import fc from "fast-check";
import { run } from "../lab/command.ts";
import { holds } from "../lab/fuzz.ts";
import { type HostileLogin, hostileLogin, POINTED_LOGINS } from "../lab/hostile_call.ts";
import { HostileTrial, type MadeCall } from "../lab/hostile_trial.ts";
import { enroll, keyFileOf, PROGRAM } from "../lab/program.ts";
import { testWith } from "../lab/requirements.ts";
import { ROOT_AND_ACCOUNT, withUser } from "../lab/user.ts";

/** More than the longest limit that a call sets itself: what comes to it hangs. */
const LIMIT_SECONDS = "120";

/** Runs the program as OpenVPN does. A shell sets what isn't text. */
function call({ variables, args }: MadeCall) {
  const env: Record<string, string> = {};
  let script = 'exec timeout --signal=KILL "$@"';
  for (const [name, value] of variables) {
    if (typeof value === "string") {
      env[name] = value;
      continue;
    }
    const octal = [...value].map((byte) => `\\${byte.toString(8).padStart(3, "0")}`);
    // The dot keeps line ends at the end.
    script = `${name}="$(printf '${octal.join("")}.')"; ` +
      `export ${name}="\${${name}%.}"; ${script}`;
  }
  return run("sh", ["-c", script, "sh", LIMIT_SECONDS, PROGRAM, ...args], {
    clearEnv: true,
    env: { LC_ALL: "C", ...env },
  });
}

testWith(
  ROOT_AND_ACCOUNT,
  "whatever OpenVPN hands over: an exit status, one line, no secret, and nobody in without password and code",
  async () => {
    await withUser(async (user) => {
      const target = {
        ...user,
        keyFile: keyFileOf(user.db),
        now: Date.now,
        call,
      };
      const trial = new HostileTrial(target);
      await holds(
        fc.asyncProperty(hostileLogin, async (login) => {
          // A new secret: no code has been used, and none counts as wrong.
          target.secret = await enroll(user.db, user.username);
          await trial.play(login);
        }),
        25,
        POINTED_LOGINS.map((login): [HostileLogin] => [login]),
      );
    });
  },
);
