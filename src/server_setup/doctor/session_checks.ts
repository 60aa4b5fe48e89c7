import { type Config, lastNamed } from "../openvpn_config/directive.ts";
import { authPlugin } from "../configuration/auth_plugin.ts";
import { type Finding, ok, problem, warning } from "./finding.ts";
import type { LineFacts } from "./set_up.ts";
import { checkTokenCrash, checkTokenSecret } from "./token_checks.ts";

/** OpenVPN's defaults (openvpn(8)), in seconds. */
const RENEG_SEC = 3600;
const HAND_WINDOW = 60;

/** With a shorter `reneg-sec`, a token expires before the second renegotiation; in seconds. */
const LEAST_RENEG_SEC = 18;

/** Whether users have enough time for both steps of a login, and how long a login lasts. */
export function checkSession(setUp: LineFacts): Finding[] {
  return [
    checkToken(setUp),
    ...checkTokenSecret(setUp),
    ...checkTokenCrash(setUp),
    checkTime(setUp),
    ...checkInactive(setUp),
    checkAnswersInLog(setUp),
  ];
}

function checkToken({ config, settings }: LineFacts): Finding {
  const at = lastNamed(config, "auth-gen-token");
  if (at === null) {
    return warning(
      "session_token",
      "auth-gen-token is not set",
      "every renegotiation (hourly) asks for a code again, and no traffic passes until the user " +
        "answers",
      { line: "auth-gen-token" },
    );
  }
  if (!at.words.includes("external-auth")) return checkTokenLifetime(config);
  const isPluginAsked = settings.primaryAuth === "external" && authPlugin(config) !== null;
  return !isPluginAsked ? ok("session_token", "auth-gen-token is set") : problem(
    "session_token",
    "auth-gen-token has external-auth, and there is a plugin",
    "the plugin receives the token as a password and refuses it",
    { line: "auth-gen-token", at },
  );
}

function checkTokenLifetime(config: Config): Finding {
  const seconds = numberOf(config, "reneg-sec", RENEG_SEC);
  if (seconds === 0 || seconds >= LEAST_RENEG_SEC) {
    return ok("session_token", "auth-gen-token is set");
  }
  return warning(
    "session_token",
    `reneg-sec is ${seconds}`,
    `below ${LEAST_RENEG_SEC}, a session token expires before the next renegotiation`,
    { line: `reneg-sec ${RENEG_SEC}`, at: lastNamed(config, "reneg-sec") },
  );
}

/** OpenVPN keeps no challenge open for longer than max(reneg-sec / 2, hand-window). */
function checkTime({ config, settings }: LineFacts): Finding {
  const wanted = settings.challengeTimeoutSeconds;
  const most = Math.max(
    Math.floor(numberOf(config, "reneg-sec", RENEG_SEC) / 2),
    numberOf(config, "hand-window", HAND_WINDOW),
  );
  if (wanted <= most) return ok("challenge_time", `users have ${wanted} seconds to answer`);
  return warning(
    "challenge_time",
    `users have ${most} seconds to answer, not the ${wanted} of totpChallengeTimeout`,
    "OpenVPN waits for half of reneg-sec or for hand-window, whichever is longer",
    {
      line: `hand-window ${wanted}`,
      at: lastNamed(config, "reneg-sec") ?? lastNamed(config, "hand-window"),
    },
  );
}

function checkInactive({ config, settings }: LineFacts): Finding[] {
  const at = lastNamed(config, "inactive");
  if (at === null) return [];
  const seconds = numberOf(config, "inactive", 0);
  const wanted = settings.challengeTimeoutSeconds;
  if (seconds === 0 || seconds >= wanted) return [ok("inactive", `inactive is ${seconds}`)];
  return [warning(
    "inactive",
    `inactive is ${seconds}, but users have ${wanted} seconds to answer`,
    "OpenVPN closes a connection while it waits for the answer",
    { line: `inactive ${wanted}`, at },
  )];
}

function checkAnswersInLog({ config }: LineFacts): Finding {
  const verb = numberOf(config, "verb", 1);
  const what = verb >= 3
    ? `verb ${verb} logs users' answers in base64, but a code in the log is used up and worthless`
    : `verb ${verb} logs no answers`;
  return ok("answers_in_log", what);
}

/** A directive's number as C's atoi(3) reads it, but never below 0. */
function numberOf(config: Config, name: string, byDefault: number): number {
  const word = lastNamed(config, name)?.words[0];
  if (word === undefined) return byDefault;
  return Math.max(0, parseInt(word, 10) || 0);
}
