import { type Exemption, parseNetwork } from "../../../core/exemption.ts";
import { Failure } from "../../../core/failure.ts";
import { printable, quoted } from "../../../text/printable.ts";
import { type AdminContext, requireUsername, withStore } from "../../context.ts";
import { readInstant } from "../../time.ts";
import type { Tone } from "../../terminal/screen.ts";
import { instant, instantOrNull, json } from "../../terminal/text.ts";

/** `exempt USER`: lets a user in by the password alone, or ends that. */
export async function exempt(
  context: AdminContext,
  username: string,
  options: { until?: string; from?: string; end?: boolean; json?: boolean },
): Promise<void> {
  requireUsername(username);
  if (options.end) {
    if (options.until !== undefined || options.from !== undefined) {
      throw new Failure("usage", "--end goes with neither --until nor --from");
    }
    return await end(context, username, options);
  }
  const exemption = readExemption(context, username, options);
  await withStore(
    context,
    { create: true },
    (store) => store.exempt(exemption),
  );
  context.out(
    options.json
      ? json({ username, ...exemptionAsJson(exemption) })
      : `${printable(username)} needs no code ${told(exemption)}.\n`,
  );
}

/** A user's exemption as programs read it: all is null without one. */
export function exemptionAsJson(exemption: Exemption | null) {
  return {
    exemptSince: instantOrNull(exemption?.since ?? null),
    exemptUntil: instantOrNull(exemption?.until ?? null),
    exemptFrom: exemption?.from ?? null,
  };
}

/** Whether an exemption holds, and when and where, for people. */
export function exemptionState(exemption: Exemption, nowMs: number): {
  text: string;
  tone: Tone;
} {
  const { until } = exemption;
  return until === null || until > nowMs
    ? { text: `exempt ${told(exemption)}`, tone: "doubtful" }
    : { text: `exemption ended ${instant(until)}`, tone: "quiet" };
}

/** When and where an exemption holds, for people. */
function told({ until, from }: Exemption): string {
  const where = from === null ? "from anywhere" : `from ${from}`;
  return until === null ? where : `${where} until ${instant(until)}`;
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
      `user ${quoted(username)} is not exempt: see who is with: openvpn-totp list`,
    );
  });
  context.out(
    options.json
      ? json({ username, exempt: false })
      : `${printable(username)} needs a code again.\n`,
  );
}

/** @throws Failure `usage` */
function readExemption(
  context: AdminContext,
  username: string,
  options: { until?: string; from?: string },
): Exemption {
  const now = context.now();
  const from = options.from ?? null;
  if (from !== null && parseNetwork(from) === null) {
    throw new Failure(
      "usage",
      `--from is ${quoted(from)}, allowed is an address or a network such as 192.0.2.0/24 or ` +
        "2001:db8::/32",
    );
  }
  const until = options.until === undefined ? null : readInstant(options.until);
  if (until !== null && until <= now) {
    throw new Failure(
      "usage",
      `--until is ${quoted(options.until ?? "")}, which is over already`,
    );
  }
  return { username, since: now, until, from };
}
