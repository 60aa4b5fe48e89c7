import { counted } from "../../../text/counted.ts";
import { Failure } from "../../../core/failure.ts";
import { Redacted } from "../../../text/redacted.ts";
import { configReader } from "../../config_reader.ts";
import type { AdminContext } from "../../context.ts";
import { requireUsername } from "../../users/require_user.ts";
import { findConfig } from "../../../server_setup/configuration/config_file.ts";
import { checkAll } from "../../../server_setup/doctor/checks.ts";
import type { Finding } from "../../../server_setup/doctor/finding.ts";
import { gatherSetUp } from "../../../server_setup/doctor/gather.ts";
import type { DoctorOptions } from "./options.ts";
import { countOf, reportText } from "./report.ts";
import { tryPasswords } from "./try_passwords.ts";
import type { SetUp } from "../../../server_setup/doctor/set_up.ts";
import { readInputFile } from "../../input_file.ts";
import { askPassword } from "../../terminal/question.ts";
import type { Printed } from "../../json_fields/json_fields.ts";
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
      findings.push(...await tryPasswords(setUp, user, password, context.randomBytes));
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
      ? json(
        { config: configPath, program, problems, warnings, findings } satisfies Printed<"doctor">,
      )
      : reportText(findings, context.screen, options.all),
  );
  if (problems === 0) return;
  throw new Failure(
    "problems_found",
    `doctor found ${counted(problems, "problem")} with logins: see above`,
  );
}
