import { Failure } from "../../core/failure.ts";
import { quoted } from "../../text/printable.ts";
import { parseLine } from "../openvpn_config/parse_line.ts";

/** The options that make OpenVPN run the program. */
export const HOOKS = ["auth-user-pass-verify", "client-crresponse"] as const;

/** One of {@link HOOKS}. */
export type Hook = typeof HOOKS[number];

/** The configuration line that makes OpenVPN run a program at a hook. */
export function hookLine(hook: Hook, program: string): string {
  const end = hook === "auth-user-pass-verify" ? " via-file" : "";
  return `${hook} ${program}${end}`;
}

/** The lines that let session tokens replace codes at renegotiations. */
export const TOKEN_LINES = [
  "# Allow OpenVPN to reauthenticate during renegotiation without prompting for TOTP again.",
  "auth-gen-token",
];

/** The lines that let session tokens outlive a restart of OpenVPN. */
export function tokenSecretLines(path: string): string[] {
  return [
    "# Keep session tokens valid when OpenVPN is restarted.",
    `auth-gen-token-secret ${path}`,
  ];
}

/** The words of a hook's command, which OpenVPN splits once more; the first is the program. */
export function commandWords(command: string): string[] {
  const parsed = parseLine(new TextEncoder().encode(command));
  return "words" in parsed ? parsed.words : [command];
}

/** Says whether a command is another TOTP script, such as the guide's Python script. */
export function isOtherTotp(command: string): boolean {
  return /totp|one-?time|google-?auth/i.test(command);
}

/**
 * Makes sure that a path needs no quoting in a configuration: OpenVPN splits a hook's line twice.
 *
 * @param what whose path it is
 * @param advice where to put it instead
 * @throws Failure `usage`
 */
export function requirePlainPath(
  path: string,
  what = "the program's path",
  advice = "install the program elsewhere, for example in /usr/local/bin",
): void {
  if (/^\/[A-Za-z0-9._/+@-]{1,200}$/.test(path)) return;
  throw new Failure(
    "usage",
    `${what} is ${
      quoted(path)
    }; the configuration needs an absolute path of at most 200 letters, ` +
      `digits and ._/+@-: ${advice}`,
  );
}
