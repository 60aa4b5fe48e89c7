import {
  type Config,
  type Directive,
  directivesNamed,
  lastNamed,
} from "../openvpn_config/directive.ts";
import { type Finding, ok, problem, warning } from "./finding.ts";
import type { SetUp } from "./set_up.ts";

/** OpenVPN's defaults (openvpn(8)), in seconds. */
const RENEG_SEC = 3600;
const HAND_WINDOW = 60;

/** A second renegotiation finds no token below that, in seconds. */
const LEAST_RENEG_SEC = 18;

/** Whether a login's two steps have the time they take, and how long a login lasts. */
export function checkSession(setUp: SetUp): Finding[] {
  return [
    checkToken(setUp),
    ...checkTokenSecret(setUp),
    ...checkTime(setUp),
    ...checkInactive(setUp),
    checkAnswersInLog(setUp),
  ];
}

function checkToken({ config, settings }: SetUp): Finding {
  const at = lastNamed(config, "auth-gen-token");
  if (at === null) {
    return warning(
      "session_token",
      "auth-gen-token isn't set",
      "every renegotiation (hourly) asks for a code again, and no traffic passes until it is answered",
      { line: "auth-gen-token" },
    );
  }
  const isExternal = at.words.includes("external-auth");
  if (
    isExternal && settings.primaryAuth === "external" &&
    authPlugin(config) !== null
  ) {
    return problem(
      "session_token",
      "auth-gen-token has external-auth beside a plugin",
      "the plugin is given the token as a password, and refuses it",
      { line: "auth-gen-token", at },
    );
  }
  const seconds = numberOf(config, "reneg-sec", RENEG_SEC);
  return seconds > 0 && seconds < LEAST_RENEG_SEC && !isExternal
    ? warning(
      "session_token",
      `reneg-sec is ${seconds}`,
      `below ${LEAST_RENEG_SEC} a session token doesn't last to the next renegotiation`,
      { line: `reneg-sec ${RENEG_SEC}`, at: lastNamed(config, "reneg-sec") },
    )
    : ok("session_token", `auth-gen-token is set`);
}

function checkTokenSecret({ config, tokenSecret }: SetUp): Finding[] {
  const trouble = tokenSecret?.trouble ?? null;
  if (trouble === null) return [];
  return [problem(
    "session_token",
    trouble,
    "who has auth-gen-token-secret can make session tokens, which are good in place of password and code",
    { at: lastNamed(config, "auth-gen-token-secret") },
  )];
}

/** OpenVPN's plugin for PAM, or the last other that may decide about passwords; null without one. */
export function authPlugin(config: Config): Directive | null {
  // OpenVPN's other plugin only runs scripts as root.
  const plugins = directivesNamed(config, "plugin").filter(({ words }) =>
    !/down-root[^/]*$/.test(words[0] ?? "")
  );
  return plugins.findLast(isPamPlugin) ?? plugins.at(-1) ?? null;
}

/** Says whether a plugin is OpenVPN's for PAM. */
export function isPamPlugin({ words }: Directive): boolean {
  return words[0]?.includes("auth-pam") ?? false;
}

/** OpenVPN gives no challenge more than max(reneg-sec / 2, hand-window). */
function checkTime({ config, settings }: SetUp): Finding[] {
  const wanted = settings.challengeTimeoutSeconds;
  const most = Math.max(
    Math.floor(numberOf(config, "reneg-sec", RENEG_SEC) / 2),
    numberOf(config, "hand-window", HAND_WINDOW),
  );
  return [
    wanted <= most ? ok("challenge_time", `users have ${wanted} seconds to answer`) : warning(
      "challenge_time",
      `users have ${most} seconds to answer, not the ${wanted} of totpChallengeTimeout`,
      "OpenVPN waits no longer than half of reneg-sec, or hand-window where that is more",
      {
        line: `hand-window ${wanted}`,
        at: lastNamed(config, "reneg-sec") ??
          lastNamed(config, "hand-window"),
      },
    ),
  ];
}

function checkInactive({ config, settings }: SetUp): Finding[] {
  const at = lastNamed(config, "inactive");
  if (at === null) return [];
  const seconds = numberOf(config, "inactive", 0);
  const wanted = settings.challengeTimeoutSeconds;
  return [
    seconds === 0 || seconds >= wanted ? ok("inactive", `inactive is ${seconds}`) : warning(
      "inactive",
      `inactive is ${seconds}, and users have ${wanted} seconds to answer`,
      "OpenVPN ends a connection that waits for the answer",
      { line: `inactive ${wanted}`, at },
    ),
  ];
}

function checkAnswersInLog({ config }: SetUp): Finding {
  const verb = numberOf(config, "verb", 1);
  return ok(
    "answers_in_log",
    verb >= 3
      ? `verb ${verb} logs users' answers in base64: a code there was used, and is worthless`
      : `verb ${verb} logs no answers`,
  );
}

/** As C's atoi(3) reads it, and nothing below 0. */
function numberOf(config: Config, name: string, byDefault: number): number {
  const word = lastNamed(config, name)?.words[0];
  if (word === undefined) return byDefault;
  return Math.max(0, parseInt(word, 10) || 0);
}
