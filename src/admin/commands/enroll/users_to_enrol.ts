import { Failure } from "../../../core/failure.ts";
import type { AdminContext } from "../../context.ts";
import type { UserToEnrol } from "../../enrolment/enrolment.ts";
import { readGivenSecret } from "../../enrolment/given_secret.ts";
import { issuerName } from "../../enrolment/issuer_name.ts";
import { newRecoveryCodes } from "../../enrolment/recovery_codes.ts";
import { newSecret } from "../../enrolment/secret.ts";
import { readTotpOptions } from "../../enrolment/totp_options.ts";
import { readUserList } from "../../enrolment/user_list.ts";
import { wantsHandout } from "../../handout/handout_files.ts";
import { requireUsername } from "../../users/require_user.ts";
import type { EnrollOptions } from "./options.ts";

/**
 * Reads whom to enrol.
 *
 * @throws Failure `usage`, `input_error`
 */
export function readUsernames(
  context: AdminContext,
  username: string | undefined,
  options: EnrollOptions,
): string[] {
  const { from } = options;
  if ((from === undefined) === (username === undefined)) {
    throw new Failure("usage", "give either a username or --from FILE");
  }
  if (username === undefined) {
    requireForMany(options);
    return readUserList(context, from!);
  }
  requireUsername(username);
  if (options.sheets === undefined) return [username];
  throw new Failure("usage", "--sheets is for many users: for one user, use --sheet FILE.html");
}

/** @throws Failure `usage` for an option that is for a single user */
function requireForMany(options: EnrollOptions): void {
  const advice = options.confirm
    ? "--confirm is for a single user: leave it out with --from"
    : options.secretFrom !== undefined
    ? "--secret-from is for a single user: import the secrets of many users with: openvpn-totp import"
    : wantsHandout(options)
    ? "--qr and --sheet are for a single user: with --from, use --sheets DIRECTORY"
    : null;
  if (advice !== null) throw new Failure("usage", advice);
}

/**
 * The users with all that they get.
 *
 * @throws Failure `usage`, `input_error`
 */
export function usersToEnrol(
  context: AdminContext,
  usernames: readonly string[],
  options: EnrollOptions,
): UserToEnrol[] {
  if (options.secretEncoding && options.secretFrom === undefined) {
    throw new Failure("usage", "--secret-encoding needs --secret-from FILE");
  }
  const issuer = issuerName(context, options.issuer);
  const given = options.secretFrom === undefined
    ? null
    : readGivenSecret(context, usernames[0]!, options.secretFrom, options);
  const parameters = given?.parameters ?? readTotpOptions(options);
  return usernames.map((username) => ({
    username,
    issuer: options.issuer === undefined ? given?.issuer ?? issuer : issuer,
    parameters,
    secret: given?.secret ?? newSecret(context.randomBytes),
    recoveryCodes: options.recoveryCodes ? newRecoveryCodes(context.randomBytes) : [],
    disabledAt: null,
  }));
}
