import { counted } from "../../../text/counted.ts";
import { Failure } from "../../../core/failure.ts";
import { Redacted } from "../../../text/redacted.ts";
import { describePamRefusal, type PamRefusal } from "../../../pam/pam_result.ts";
import { PamService } from "../../../pam/pam_service.ts";
import { configReader } from "../../config_reader.ts";
import type { AdminContext } from "../../context.ts";
import { requireUsername } from "../../users/require_user.ts";
import { findConfig } from "../../../server_setup/configuration/config_file.ts";
import { checkAll } from "../../../server_setup/doctor/checks.ts";
import { type Finding, ok, problem } from "../../../server_setup/doctor/finding.ts";
import { gatherSetUp } from "../../../server_setup/doctor/gather.ts";
import type { DoctorOptions } from "./options.ts";
import { countOf, reportText } from "./report.ts";
import type { SetUp } from "../../../server_setup/doctor/set_up.ts";
import { readInputFile } from "../../input_file.ts";
import { askPassword } from "../../terminal/question.ts";
import { json } from "../../terminal/text.ts";

/** More bytes than any password that OpenVPN passes on. */
const MAX_PASSWORD_BYTES = 1024;

/**
 * `doctor`: looks for what makes logins fail, and rehearses a login as far as possible without a
 * client.
 *
 * @throws Failure `problems_found`, after the report
 */
export async function doctor(context: AdminContext, options: DoctorOptions): Promise<void> {
  const { user } = options;
  requireFitting(context, options);
  const configPath = findConfig(options.config);
  const password = user === undefined ? null : readPassword(context, options);
  try {
    const setUp = await gatherSetUp({
      configPath,
      openvpn: options.openvpn,
      readFile: configReader(context),
      now: context.now,
    });
    const findings = checkAll(setUp);
    if (user !== undefined && password !== null) {
      findings.push(await tryPassword(setUp, user, password));
    }
    report(context, options, setUp, findings);
  } finally {
    password?.reveal().fill(0);
  }
}

function requireFitting({ db, key }: AdminContext, { user, passwordFrom }: DoctorOptions): void {
  if (db !== undefined || key !== undefined) {
    throw new Failure(
      "usage",
      "doctor takes no --db and --key: it reads the paths from OpenVPN's configuration, as logins do",
    );
  }
  if (user !== undefined) requireUsername(user);
  if (passwordFrom !== undefined && user === undefined) {
    throw new Failure("usage", "--password-from needs --user: name the user whose password it is");
  }
}

/** A single line end after the password isn't part of it. */
function readPassword(
  context: AdminContext,
  { user, passwordFrom }: DoctorOptions,
): Redacted<Uint8Array<ArrayBuffer>> {
  if (passwordFrom === undefined) {
    return askPassword(context, `Password of ${user}`, "--password-from FILE");
  }
  const bytes = readInputFile(context, "--password-from", passwordFrom, MAX_PASSWORD_BYTES);
  const hasEnd = bytes.at(-1) === 0x0a;
  return new Redacted(hasEnd ? bytes.subarray(0, -1) : bytes);
}

/** A failure counts for PAM, where it counts failures, but not for us. */
async function tryPassword(
  { pam, settings }: SetUp,
  user: string,
  password: Redacted<Uint8Array<ArrayBuffer>>,
): Promise<Finding> {
  const service = pam?.service ?? null;
  if (service === null) {
    return problem(
      "password",
      "the password was not tried",
      settings.primaryAuth === "external"
        ? "with totpPrimaryAuth external, the program does not ask PAM"
        : "PAM cannot be asked until the problems above are fixed",
    );
  }
  if (password.reveal().includes(0)) {
    return problem("password", "the password contains a NUL character", "PAM refuses it");
  }
  const result = await new PamService(service, settings.pamTimeoutSeconds)
    .authenticate(user, password, null);
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

function report(
  context: AdminContext,
  options: DoctorOptions,
  { configPath, program }: SetUp,
  findings: readonly Finding[],
): void {
  const problems = countOf(findings, "problem");
  const warnings = countOf(findings, "warning");
  context.out(
    options.json
      ? json({ config: configPath, program, problems, warnings, findings })
      : reportText(findings, context.screen, options.all),
  );
  if (problems === 0) return;
  throw new Failure(
    "problems_found",
    `doctor found ${counted(problems, "problem")} with logins: see above`,
  );
}
