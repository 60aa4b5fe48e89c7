import { counted } from "../../../text/counted.ts";
import { Failure } from "../../../core/failure.ts";
import { quoted } from "../../../text/printable.ts";
import { confirmEnrolment, requireConfirmable } from "../../enrolment/confirm_enrolment.ts";
import { type AdminContext, withStore } from "../../context.ts";
import { requireUsername } from "../../users/require_user.ts";
import { enrolUsers, requireUnenrolled, type UserToEnrol } from "../../enrolment/enrolment.ts";
import { type Handout, handoutOf } from "../../handout/handout.ts";
import {
  makeHandoutFiles,
  makeSheets,
  requireHandoutOptions,
  wantsHandout,
} from "../../handout/handout_files.ts";
import { ProgressBar } from "../../terminal/progress_bar.ts";
import { issuerName } from "../../enrolment/issuer_name.ts";
import { newRecoveryCodes } from "../../enrolment/recovery_codes.ts";
import { newSecret, readSecret } from "../../enrolment/secret.ts";
import { json } from "../../terminal/text.ts";
import { readTotpOptions } from "../../enrolment/totp_options.ts";
import { warnOfUnknownUsers } from "../../enrolment/unknown_users.ts";
import { readUserList } from "../../enrolment/user_list.ts";
import type { EnrollOptions } from "./options.ts";

/**
 * `enroll USER` and `enroll --from FILE`: three lines for each user on standard output, ten recovery
 * codes if asked for, and a QR code where somebody can scan it.
 */
export async function enroll(
  context: AdminContext,
  username: string | undefined,
  options: EnrollOptions,
): Promise<void> {
  const usernames = readUsernames(context, username, options);
  if (options.confirm) requireConfirmable(context);
  requireHandoutOptions(options);
  const users = planned(context, usernames, options);
  const replace = options.replace ?? false;
  await requireUnenrolled(context, usernames, replace);
  if (options.confirm) {
    await handOut(context, users, options);
    await confirmEnrolment(context, users[0]!);
  }
  // Before the enrolment, so that nobody is enrolled whose files couldn't be made; after the question,
  // since Ctrl-C would leave them.
  const { sheets } = options;
  const progress = new ProgressBar(
    context,
    users.length * (sheets === undefined ? 1 : 2),
  );
  const done = () => progress.step();
  using files = sheets === undefined
    ? makeHandoutFiles(options, handoutOf(users[0]!))
    : makeSheets(sheets, users.map(handoutOf), done);
  await withStore(
    context,
    { create: true },
    (store) =>
      enrolUsers(context, store, users, {
        mayReplace: () => replace,
        done,
      }),
  );
  files.keep();
  if (!options.confirm) await handOutEnrolled(context, users, options);
  tellOfUsers(context, usernames, options);
}

/** @throws Failure `usage`, `input_error` */
function readUsernames(
  context: AdminContext,
  username: string | undefined,
  options: EnrollOptions,
): string[] {
  const { from } = options;
  if ((from === undefined) === (username === undefined)) {
    throw new Failure("usage", "give either a username or --from FILE");
  }
  if (username !== undefined) {
    requireUsername(username);
    if (options.sheets === undefined) return [username];
    throw new Failure("usage", "--sheets is for --from: use --sheet FILE.html");
  }
  for (const name of ["confirm", "secretFrom"] as const) {
    if (options[name] === undefined) continue;
    const option = name === "confirm" ? "--confirm" : "--secret-from";
    throw new Failure(
      "usage",
      `${option} is for one user, and --from for many: secrets of many users come with: ` +
        "openvpn-totp import",
    );
  }
  if (wantsHandout(options)) {
    throw new Failure(
      "usage",
      "--qr and --sheet are for one user: --from has --sheets DIRECTORY for a page for each",
    );
  }
  return readUserList(context, from!);
}

/** Everything that the users get, before anything is written. */
function planned(
  context: AdminContext,
  usernames: readonly string[],
  options: EnrollOptions,
): UserToEnrol[] {
  const parameters = readTotpOptions(options);
  const issuer = issuerName(context, options.issuer);
  if (options.secretEncoding && options.secretFrom === undefined) {
    throw new Failure("usage", "--secret-encoding is for --secret-from FILE");
  }
  const given = options.secretFrom === undefined
    ? null
    : readSecret(context, options.secretFrom, options.secretEncoding);
  return usernames.map((username) => ({
    username,
    issuer,
    parameters,
    secret: given ?? newSecret(context.randomBytes),
    recoveryCodes: options.recoveryCodes ? newRecoveryCodes(context.randomBytes) : [],
    disabledAt: null,
  }));
}

/** @throws Failure `output_error`, which says that the users are enrolled */
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
        "see it with: openvpn-totp show --secret USER",
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
  context.out(
    handouts.map((one) => linesOf(one).map((line) => `${line}\n`).join(""))
      .join("\n"),
  );
  if (context.isTerminal && options.from === undefined) {
    const { showQrCode } = await import("../../terminal/show_qr_code.ts");
    showQrCode(context, handouts[0]!.uri);
  }
}

function linesOf({ username, secret, uri, recoveryCodes }: Handout): string[] {
  return [username, secret, uri, ...recoveryCodes];
}

function asJson({ username, issuer, secret, parameters, ...rest }: Handout) {
  const { uri, recoveryCodes } = rest;
  return { username, issuer, secret, ...parameters, uri, recoveryCodes };
}

/** What is to be said of the users, after they have been enrolled. */
function tellOfUsers(
  context: AdminContext,
  usernames: readonly string[],
  { from, confirm }: EnrollOptions,
): void {
  if (confirm) {
    context.err(
      "Enrolled. The code that you typed is still good for the first login.\n",
    );
  }
  if (from !== undefined) {
    context.err(`Enrolled ${counted(usernames.length, "user")}.\n`);
  }
  warnOfUnknownUsers(context, usernames);
}
