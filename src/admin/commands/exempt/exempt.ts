import { type Exemption, parseNetwork } from "../../../core/exemption.ts";
import { Failure } from "../../../core/failure.ts";
import { printable, quoted } from "../../../text/printable.ts";
import { type AdminContext, withStore } from "../../context.ts";
import { requireUsername } from "../../users/require_user.ts";
import { warnOfAccountNames } from "../../enrolment/account_names.ts";
import { readInstant } from "../../command_line/time.ts";
import type { Printed, PrintedAlso } from "../../json_fields/json_fields.ts";
import { json } from "../../terminal/text.ts";
import { exemptionAsJson, whereAndWhen } from "../../users/exemption_state.ts";
import type { ExemptOptions } from "./options.ts";

/** `exempt USER`: lets a user in with the password alone, or ends that. */
export async function exempt(
  context: AdminContext,
  username: string,
  options: ExemptOptions,
): Promise<void> {
  requireUsername(username);
  if (options.end) {
    if (options.until !== undefined || options.from !== undefined) {
      throw new Failure("usage", "--end cannot be combined with --until or --from");
    }
    return await end(context, username, options);
  }
  const exemption = readExemption(context, username, options);
  await withStore(context, { create: true }, (store) => store.exempt(exemption));
  context.out(
    options.json
      ? json({ username, ...exemptionAsJson(exemption) } satisfies Printed<"exempt">)
      : `${printable(username)} needs no code ${whereAndWhen(exemption)}.\n`,
  );
  warnOfAccountNames(context, [username]);
}

async function end(
  context: AdminContext,
  username: string,
  options: { json?: boolean },
): Promise<void> {
  await withStore(context, { create: false }, async (store) => {
    if (await store.endExemption(username)) return;
    throw new Failure(
      "not_exempt",
      `user ${
        quoted(username)
      } is not exempt: to list exempt users, run: openvpn-totp list --exempt`,
    );
  });
  context.out(
    options.json
      ? json({ username, exempt: false } satisfies PrintedAlso<"exempt">)
      : `${printable(username)} needs a code again.\n`,
  );
}

/** @throws Failure `usage` */
function readExemption(context: AdminContext, username: string, options: ExemptOptions): Exemption {
  const now = context.now();
  const from = options.from ?? null;
  if (from !== null && parseNetwork(from) === null) {
    throw new Failure(
      "usage",
      `--from is ${quoted(from)}, expected an address or a network such as 192.0.2.0/24 or ` +
        "2001:db8::/32",
    );
  }
  const until = options.until === undefined ? null : readInstant(options.until);
  if (until !== null && until <= now) {
    throw new Failure("usage", `--until is ${quoted(options.until ?? "")}, which is in the past`);
  }
  return { username, since: now, until, from };
}
