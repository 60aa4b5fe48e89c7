import { Secret } from "otpauth";
import { Failure } from "../core/failure.ts";
import { quoted } from "../core/printable.ts";
import { Redacted } from "../core/redacted.ts";
import { hasAccount } from "../ffi/libc.ts";
import { checkSetting, SETTINGS } from "../settings.ts";
import {
  type AdminContext,
  openVault,
  requireUsername,
  withStore,
} from "./context.ts";
import { giveRecoveryCodes } from "./recovery.ts";
import { provisioningUri } from "./provisioning_uri.ts";

/** Length of a new secret: 160 bits, as RFC 4226 section 4 (R6) recommends. */
const SECRET_BYTES = 20;

/**
 * `enroll USER`: three lines on standard output, ten recovery codes if asked for, and a QR code where
 * somebody can scan it.
 */
export async function enroll(
  context: AdminContext,
  username: string,
  options: { replace?: boolean; issuer?: string; recoveryCodes?: boolean },
): Promise<void> {
  requireUsername(username);
  const issuer = issuerName(context, options.issuer);
  const secret = new Secret({ size: SECRET_BYTES });

  const vault = openVault(context);
  const recoveryCodes = await withStore(
    context,
    { create: true },
    async (store) => {
      await store.enrol(
        { username, issuer, enrolledAt: context.now() },
        (keyIds) => vault.seal(new Redacted(secret.bytes), username, keyIds),
        { replace: options.replace ?? false },
      );
      return options.recoveryCodes
        ? await giveRecoveryCodes(context, store, username)
        : [];
    },
  );

  const uri = provisioningUri(issuer, username, secret.base32);
  try {
    const lines = [username, secret.base32, uri, ...recoveryCodes];
    context.out(lines.map((line) => `${line}\n`).join(""));
  } catch {
    throw new Failure(
      "output_error",
      `user ${
        quoted(username)
      } is enrolled, but the secret could not be printed: ` +
        "see it with: openvpn-totp show --secret USER",
    );
  }
  if (context.isTerminal) {
    const { qrCode } = await import("./qr_code.ts");
    context.err(`\n${qrCode(uri)}\n`);
  }
  if (!isKnown(username)) {
    context.err(
      `openvpn-totp: warning: the system knows no user ${quoted(username)}: ` +
        "enrolled all the same, but no password is right until there is one\n",
    );
  }
}

function issuerName(
  { read }: AdminContext,
  option: string | undefined,
): string {
  const { issuerName } = SETTINGS;
  return option === undefined
    ? checkSetting(issuerName, issuerName.name, read(issuerName.name))
    : checkSetting(issuerName, "--issuer", option);
}

/** Without the C library there is nobody to ask, and no reason to warn of the user. */
function isKnown(username: string): boolean {
  try {
    return hasAccount(username);
  } catch {
    return true;
  }
}
