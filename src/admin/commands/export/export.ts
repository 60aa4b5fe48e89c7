import { counted } from "../../../text/counted.ts";
import { Failure } from "../../../core/failure.ts";
import { printable, quoted } from "../../../text/printable.ts";
import {
  EXPORT_FORMAT,
  EXPORT_VERSION,
  type ExportedUser,
  type ExportFile,
} from "../../../migration/export_format.ts";
import { readUris } from "../../../migration/uris.ts";
import type { Enrolment } from "../../../core/enrolment.ts";
import { type AdminContext, openVault, withStore } from "../../context.ts";
import type { Printed } from "../../json_fields/json_fields.ts";
import { requireEnrolment } from "../../users/require_user.ts";
import { requireNothingAt, writePrivateFile } from "../../output_file.ts";
import { provisioningUri } from "../../enrolment/provisioning_uri.ts";
import { requireYes } from "../../terminal/question.ts";
import { shownSecret } from "../../enrolment/secret.ts";
import { instant, instantOrNull, json } from "../../terminal/text.ts";
import type { ExportOptions } from "./options.ts";

/**
 * `export FILE`: writes the users with their secrets, for `import` or another system. If a secret
 * can't be opened, nothing is written.
 *
 * @param path `-` is standard output
 */
export async function exportUsers(
  context: AdminContext,
  path: string,
  { format, user: usernames, yes }: ExportOptions,
): Promise<void> {
  if (path !== "-") requireNothingAt(path);
  const users = await readUsers(context, usernames);
  const content = format === "json" ? asJson(users) : asUris(users);
  const several = counted(users.length, "user");
  const where = path === "-" ? "standard output" : printable(path);
  const question = `Write the ${users.length === 1 ? "secret" : "secrets"} of ${several} to ` +
    `${where}? Anyone who has ${users.length === 1 ? "it" : "them"} can make all codes.`;
  if (!yes) requireYes(context, question, "nothing was written");
  if (path === "-") context.out(content);
  else writePrivateFile(path, new TextEncoder().encode(content));
  if (format === "uris") warnOfDisabled(context, users);
  context.err(`Exported ${several}.\n`);
}

async function readUsers(
  context: AdminContext,
  usernames: readonly string[] | undefined,
): Promise<ExportedUser[]> {
  const enrolments = await withStore(
    context,
    { create: false },
    (store) =>
      usernames === undefined ? store.list() : Promise.all(
        [...new Set(usernames)].map((name) => requireEnrolment(store, name)),
      ),
  );
  const vault = openVault(context);
  const users: ExportedUser[] = [];
  for (const enrolment of enrolments) {
    const secret = await vault.open(enrolment);
    users.push(exported(enrolment, shownSecret(secret)));
  }
  return users;
}

function exported(enrolment: Enrolment, secret: string): ExportedUser {
  return {
    username: enrolment.username,
    issuer: enrolment.issuer,
    secret,
    ...enrolment.parameters,
    enrolledAt: instant(enrolment.enrolledAt),
    disabledAt: instantOrNull(enrolment.disabledAt),
    recoveryCodesLeft: enrolment.recoveryCodes,
  };
}

function asJson(users: ExportedUser[]): string {
  return json(
    { format: EXPORT_FORMAT, version: EXPORT_VERSION, users } satisfies
      & ExportFile
      & Printed<"export">,
  );
}

/** @throws Failure `output_error` for a user whom a URI can't represent */
function asUris(users: readonly ExportedUser[]): string {
  return users.map((user) => {
    const { username, issuer, secret } = user;
    const uri = provisioningUri(issuer, username, secret, user);
    const [read] = readUris(new TextEncoder().encode(uri)).users;
    if (read?.username === username && read.issuer === issuer) {
      return `${uri}\n`;
    }
    throw new Failure(
      "output_error",
      `user ${quoted(username)} cannot be exported as a URI: use --format json`,
    );
  }).join("");
}

function warnOfDisabled(context: AdminContext, users: readonly ExportedUser[]): void {
  const disabled = users.filter(({ disabledAt }) => disabledAt !== null);
  if (disabled.length === 0) return;
  const names = disabled.map(({ username }) => quoted(username)).join(", ");
  context.warn(`URIs cannot say that users are disabled: ${names}`);
}
