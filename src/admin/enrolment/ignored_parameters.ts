import type { Code } from "../../core/code.ts";
import type { EpochMs } from "../../core/epoch.ts";
import { type CodeSource, matchTimeStep } from "../../core/totp.ts";
import { COMMON_PARAMETERS, type TotpParameters } from "../../core/totp_parameters.ts";
import { letThreadRest } from "../../system/thread_rest.ts";

/** A parameter of an enrolment that some apps ignore. */
export type ParameterName = keyof TotpParameters;

const NAMES: readonly ParameterName[] = ["algorithm", "digits", "periodSeconds"];

/** How far from now to look, in seconds: with each further code, a wrong one may fit by chance. */
const SEARCHED_SECONDS = 5 * 60;

/** The parameters in which an enrolment differs from the common ones. */
export function uncommonParameters(parameters: TotpParameters): ParameterName[] {
  return NAMES.filter((name) => parameters[name] !== COMMON_PARAMETERS[name]);
}

/**
 * Finds out whether a code that is not right was made with the common parameters in place of some of
 * the enrolment's, as apps do that ignore these. Such a code lets nobody in.
 *
 * @returns the parameters that the app ignores; none for any other code
 */
export async function ignoredParameters(
  code: Code | null,
  { secret, parameters }: CodeSource,
  now: EpochMs,
): Promise<readonly ParameterName[]> {
  if (code?.kind !== "digits") return [];
  for (const ignored of mixtures(uncommonParameters(parameters))) {
    const common = Object.fromEntries(ignored.map((name) => [name, COMMON_PARAMETERS[name]]));
    const made: TotpParameters = { ...parameters, ...common };
    const steps = Math.ceil(SEARCHED_SECONDS / made.periodSeconds);
    const search = { now, steps, rest: letThreadRest };
    const found = await matchTimeStep(code.text, { secret, parameters: made }, search);
    if (found !== null) return ignored;
  }
  return [];
}

/** Says of an app what it ignores; goes with a subject such as `the app`. */
export function toldIgnored(
  ignored: readonly ParameterName[],
  { algorithm, digits, periodSeconds }: TotpParameters,
): string {
  const told: Record<ParameterName, string> = {
    algorithm: `the hash (${algorithm})`,
    digits: `the number of digits (${digits})`,
    periodSeconds: `the period (${periodSeconds} seconds)`,
  };
  const list = new Intl.ListFormat("en-GB").format(ignored.map((name) => told[name]));
  return `ignores ${list} of this enrolment`;
}

/** All choices of at least one, larger ones first: an app that ignores one often ignores all. */
function mixtures(names: readonly ParameterName[]): ParameterName[][] {
  const all = names.reduce<ParameterName[][]>(
    (chosen, name) => [...chosen.map((some) => [...some, name]), ...chosen],
    [[]],
  );
  return all.filter((some) => some.length > 0).sort((one, other) => other.length - one.length);
}
