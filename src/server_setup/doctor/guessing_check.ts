import { chanceOfGuessing, guessesPerDay } from "../../core/guesses_per_day.ts";
import { type LockoutRule, LONGEST_LOCK_SECONDS } from "../../core/lockout.ts";
import { COMMON_PARAMETERS } from "../../core/totp_parameters.ts";
import { SETTINGS, type Settings } from "../../settings.ts";
import { type Finding, ok, warning } from "./finding.ts";
import type { SetUp } from "./set_up.ts";
import { settingLine } from "./settings_in_config.ts";

/** Odds per day that are worse than this deserve a warning. */
const WORST_CHANCE = 1 / 500;

/** RFC 6238 section 5.2 advises one time step; more than two only help guessers. */
const MOST_DRIFT_STEPS = 2;

/** How likely it is that a user's code is guessed by somebody who has the user's password. */
export function checkGuessing(setUp: SetUp): Finding[] {
  const { settings, database } = setUp;
  // Without a proven password, wrong codes make their sender wait, and lock nobody.
  if (settings.primaryAuth === "external") return [];
  const digits = (database?.state === "open" ? database.fewestDigits : null) ??
    COMMON_PARAMETERS.digits;
  const { driftSteps, lockout } = settings;
  const { known, unknown } = chancesPerDay(lockout, digits, driftSteps);
  const what =
    `somebody who has a user's password guesses a code of ${digits} digits with odds of ` +
    `${oddsOf(unknown)} a day, or ${oddsOf(known)} from a network that the user logs in from`;
  const isBad = known > WORST_CHANCE || driftSteps > MOST_DRIFT_STEPS;
  if (!isBad) return [ok("guessing", what)];
  const { why, ...advice } = adviceAbout(setUp);
  return [warning("guessing", what, why, advice)];
}

/** The chance of guessing a code in a day, from the user's own network and from elsewhere. */
export function chancesPerDay(
  lockout: LockoutRule,
  digits: number,
  driftSteps: number,
): Record<keyof typeof LONGEST_LOCK_SECONDS, number> {
  const chance = (longestSeconds: number) =>
    chanceOfGuessing(guessesPerDay(lockout, longestSeconds), digits, driftSteps);
  const { known, unknown } = LONGEST_LOCK_SECONDS;
  return { known: chance(known), unknown: chance(unknown) };
}

/** A chance in words, rounded: `1 in 1,100`. */
export function oddsOf(chance: number): string {
  return `1 in ${Number((1 / chance).toPrecision(2)).toLocaleString("en")}`;
}

/** Why the odds are bad, and the line that does most against it. */
function adviceAbout({ config, settings }: SetUp) {
  const { setting, why } = worstOf(settings);
  const at = settingLine(config, setting);
  return { why, line: `setenv ${setting.name} ${setting.default}`, at };
}

/** The setting that helps guessers most. */
function worstOf({ driftSteps, lockout: { maxFailures } }: Settings) {
  const accepted = 2 * driftSteps + 1;
  const acceptedByDefault = 2 * Number(SETTINGS.driftSteps.default) + 1;
  const maxByDefault = Number(SETTINGS.maxFailures.default);
  if (accepted / acceptedByDefault >= Math.max(1.01, maxFailures / maxByDefault)) {
    const why =
      `with totpDriftSteps ${driftSteps}, ${accepted} codes are right at any moment: if ` +
      "clocks differ that much, synchronise them";
    return { setting: SETTINGS.driftSteps, why };
  }
  return maxFailures > maxByDefault
    ? { setting: SETTINGS.maxFailures, why: `${maxFailures} wrong codes are free before each lock` }
    : { setting: SETTINGS.lockoutSeconds, why: "the first locks are short" };
}
