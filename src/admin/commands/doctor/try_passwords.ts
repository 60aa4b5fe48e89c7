import { describePamRefusal, type PamRefusal, type PamResult } from "../../../pam/pam_result.ts";
import { PamService } from "../../../pam/pam_service.ts";
import { type Finding, ok, problem, warning } from "../../../server_setup/doctor/finding.ts";
import type { SetUp } from "../../../server_setup/doctor/set_up.ts";
import { Redacted } from "../../../text/redacted.ts";
import type { RandomBytes } from "../../context.ts";

/** A password that nobody has, in bytes. */
const RANDOM_BYTES = 24;

/**
 * Has PAM check a user's password, as a login would, and then a random one. A failure counts for
 * PAM, where it counts failures, but not for us; a right password is tried first, since it takes
 * back earlier failures.
 */
export async function tryPasswords(
  { pam, settings }: SetUp,
  user: string,
  password: Redacted<Uint8Array<ArrayBuffer>>,
  randomBytes: RandomBytes,
): Promise<Finding[]> {
  const service = pam?.service ?? null;
  if (service === null) {
    return [problem(
      "password",
      "the password was not tried",
      settings.primaryAuth === "external"
        ? "with totpPrimaryAuth external, the program does not ask PAM"
        : "PAM cannot be asked until the problems above are fixed",
    )];
  }
  if (password.reveal().includes(0)) {
    return [problem("password", "the password contains a NUL character", "PAM refuses it")];
  }
  const asked = new PamService(service, settings.pamTimeoutSeconds);
  const result = await asked.authenticate(user, password, null);
  const finding = findingOf(result, user, service);
  if (!isPasswordAccepted(result)) return [finding];
  return [finding, await tryRandom(asked, user, randomBytes)];
}

async function tryRandom(
  service: PamService,
  user: string,
  randomBytes: RandomBytes,
): Promise<Finding> {
  const random = randomBytes(RANDOM_BYTES).toBase64({ alphabet: "base64url" });
  const password = new Redacted(new TextEncoder().encode(random));
  const result = await service.authenticate(user, password, null);
  if (isPasswordAccepted(result)) {
    return problem(
      "any_password",
      `PAM accepts a random password for ${user}`,
      "the code is then the only factor: use a PAM service that checks passwords (totpPamService)",
    );
  }
  const isRefused = result.outcome === "denied";
  return isRefused ? ok("any_password", `PAM refuses a random password for ${user}`) : warning(
    "any_password",
    `PAM could not check a random password: ${
      describePamRefusal(service.name, result as PamRefusal)
    }`,
    "so it is not known whether PAM refuses wrong passwords",
  );
}

/** Whatever PAM says of the account afterwards. */
function isPasswordAccepted(result: PamResult): boolean {
  return result.outcome === "passed" || result.outcome === "unnamed" ||
    result.outcome === "denied" && result.call === "pam_acct_mgmt";
}

function findingOf(result: PamResult, user: string, service: string): Finding {
  if (result.outcome === "passed") {
    return ok("password", `PAM accepts ${user}, known as ${result.username}`);
  }
  const { reason, advice } = diagnosisOf(result, service);
  return problem("password", `${reason}: ${describePamRefusal(service, result)}`, advice);
}

/** A login's reason for the refusal, and what to do. */
function diagnosisOf(refusal: PamRefusal, service: string): { reason: string; advice: string } {
  switch (refusal.outcome) {
    case "denied":
      // pam_unix(8) checks other users' passwords for root alone, and otherwise says only "wrong".
      return Deno.uid() === 0 ? DENIALS[refusal.call] : {
        reason: DENIALS[refusal.call].reason,
        advice:
          `as uid ${Deno.uid()}, PAM may not be able to check any password: run doctor as root`,
      };
    case "no_answer":
      return {
        reason: "pam_error",
        advice: `check which module in /etc/pam.d/${service} hangs (an unreachable directory ` +
          "server?), or raise totpPamTimeout",
      };
    default:
      return { reason: "pam_error", advice: "PAM cannot be used" };
  }
}

const DENIALS = {
  pam_authenticate: {
    reason: "wrong_password",
    advice: "the password is wrong, or totpPamService names the wrong PAM service",
  },
  pam_acct_mgmt: {
    reason: "account_refused",
    advice:
      "the password is right, but the account has expired or is locked, or its password must be changed",
  },
};
