import { counted } from "../../../text/counted.ts";
import { Failure } from "../../../core/failure.ts";
import { quoted } from "../../../text/printable.ts";
import { confirmEnrolment, requireConfirmable } from "../../enrolment/confirm_enrolment.ts";
import { COMMON_PARAMETERS, type TotpParameters } from "../../../core/totp_parameters.ts";
import { type AdminContext, withStore } from "../../context.ts";
import { enrolUsers, requireUnenrolled, type UserToEnrol } from "../../enrolment/enrolment.ts";
import { type ParameterName, uncommonParameters } from "../../enrolment/ignored_parameters.ts";
import { IGNORING_APPS } from "../../handout/authenticator_apps.ts";
import { type Handout, handoutOf } from "../../handout/handout.ts";
import {
  makeHandoutFiles,
  makeSheets,
  requireHandoutOptions,
} from "../../handout/handout_files.ts";
import { ProgressBar } from "../../terminal/progress_bar.ts";
import type { Printed } from "../../json_fields/json_fields.ts";
import { json } from "../../terminal/text.ts";
import { warnOfAccountNames } from "../../enrolment/account_names.ts";
import type { EnrollOptions } from "./options.ts";
import { readUsernames, usersToEnrol } from "./users_to_enrol.ts";

/**
 * `enroll USER` and `enroll --from FILE`: three lines for each user on standard output, ten
 * recovery codes on request, and a QR code where somebody can scan it.
 */
export async function enroll(
  context: AdminContext,
  username: string | undefined,
  options: EnrollOptions,
): Promise<void> {
  const usernames = readUsernames(context, username, options);
  if (options.confirm) requireConfirmable(context);
  requireHandoutOptions(options);
  const users = usersToEnrol(context, usernames, options);
  await requireUnenrolled(context, usernames, options.replace ?? false);
  warnOfIgnoringApps(context, users[0]!.parameters);
  if (options.confirm) {
    await handOut(context, users, options);
    await confirmEnrolment(context, users[0]!);
  }
  await enrolWithFiles(context, users, options);
  if (!options.confirm) await handOutEnrolled(context, users, options);
  tellOfUsers(context, usernames, options);
}

/** Before anything is scanned: the app would show codes, but no login would accept them. */
function warnOfIgnoringApps(context: AdminContext, parameters: TotpParameters): void {
  const common: Record<ParameterName, string> = {
    algorithm: `only the hash ${COMMON_PARAMETERS.algorithm}`,
    digits: `only codes of ${COMMON_PARAMETERS.digits} digits`,
    periodSeconds: `only a period of ${COMMON_PARAMETERS.periodSeconds} seconds`,
  };
  for (const name of uncommonParameters(parameters)) {
    context.warn(
      `some apps support ${common[name]}, and would show wrong codes: ` +
        `${
          IGNORING_APPS[name].join(", ")
        }; to check the code of an app, run: openvpn-totp verify USER`,
    );
  }
}

/**
 * Makes the files before the enrolment, so that nobody is enrolled whose files can't be made, and
 * after every question, since Ctrl-C would leave them.
 */
async function enrolWithFiles(
  context: AdminContext,
  users: readonly UserToEnrol[],
  options: EnrollOptions,
): Promise<void> {
  const { sheets, replace = false } = options;
  const progress = new ProgressBar(context, users.length * (sheets === undefined ? 1 : 2));
  const done = () => progress.step();
  using files = sheets === undefined
    ? makeHandoutFiles(options, handoutOf(users[0]!))
    : makeSheets(sheets, users.map(handoutOf), done);
  await withStore(
    context,
    { create: true },
    (store) => enrolUsers(context, store, users, { mayReplace: () => replace, done }),
  );
  files.keep();
}

/** @throws Failure `output_error` that says that the users are enrolled */
async function handOutEnrolled(
  context: AdminContext,
  users: readonly UserToEnrol[],
  options: EnrollOptions,
): Promise<void> {
  try {
    await handOut(context, users, options);
  } catch {
    const [first] = users;
    const who = users.length === 1
      ? `user ${quoted(first!.username)} is`
      : `${users.length} users are`;
    throw new Failure(
      "output_error",
      `${who} enrolled, but the secret could not be printed: ` +
        "show it with: openvpn-totp show --secret USER",
    );
  }
}

async function handOut(
  context: AdminContext,
  users: readonly UserToEnrol[],
  options: EnrollOptions,
): Promise<void> {
  const handouts = users.map(handoutOf);
  if (options.json) {
    const shown = handouts.map(asJson);
    context.out(json(options.from === undefined ? shown[0] : shown));
    return;
  }
  context.out(handouts.map((one) => linesOf(one).map((line) => `${line}\n`).join("")).join("\n"));
  if (context.isTerminal && options.from === undefined) {
    const { showQrCode } = await import("../../terminal/show_qr_code.ts");
    showQrCode(context, handouts[0]!.uri);
  }
}

function linesOf({ username, secret, uri, recoveryCodes }: Handout): string[] {
  return [username, secret, uri, ...recoveryCodes];
}

function asJson(handout: Handout): Printed<"enroll"> {
  const { username, issuer, secret, parameters, uri, recoveryCodes } = handout;
  return { username, issuer, secret, ...parameters, uri, recoveryCodes };
}

/** What to say about the users once they are enrolled. */
function tellOfUsers(
  context: AdminContext,
  usernames: readonly string[],
  { from, confirm }: EnrollOptions,
): void {
  if (confirm) {
    context.err("Enrolled. The code that you typed is still valid for the first login.\n");
  }
  if (from !== undefined) {
    context.err(`Enrolled ${counted(usernames.length, "user")}.\n`);
  }
  warnOfAccountNames(context, usernames);
}
