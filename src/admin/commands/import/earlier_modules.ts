import type { ImportFormat } from "../../../migration/formats.ts";

/** The line by which PAM has asked for codes until now. */
const EARLIER: Partial<Record<ImportFormat, string>> = {
  "google-authenticator":
    'the line with pam_google_authenticator.so (such as "auth required pam_google_authenticator.so")',
  "oath": 'the line with pam_oath.so (such as "auth requisite pam_oath.so usersfile=…")',
};

/** What asked for codes until now as a plugin of OpenVPN. */
const PLUGIN: Partial<Record<ImportFormat, string>> = {
  "otp-secrets": 'the line of openvpn-otp (such as "plugin …/openvpn-otp.so")',
};

/**
 * What must be removed after an import, since the system that asked for codes until now would go on
 * to: it would take the password for a password with a code, and refuse it.
 *
 * @returns sentences without a full stop at their end
 */
export function earlierModules(formats: readonly ImportFormat[]): string[] {
  const told = (lines: typeof EARLIER, place: string) =>
    [...new Set(formats)].flatMap((format) => {
      const line = lines[format];
      return line === undefined ? [] : [
        `remove ${line} from ${place}: otherwise, it still asks for a code, and refuses every right ` +
        "password",
      ];
    });
  return [
    ...told(EARLIER, "the PAM service that logins use (totpPamService)"),
    ...told(PLUGIN, "OpenVPN's configuration"),
  ];
}
