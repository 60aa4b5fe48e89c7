import type { StackEntry } from "./read_pam_stack.ts";

/**
 * Modules that ask for a code or a device, and take the password for it. RADIUS is not among them:
 * its server often checks the password itself.
 */
const CODE_MODULES: ReadonlySet<string> = new Set([
  ...["google_authenticator", "oath", "duo", "yubico", "yubikey", "otpw", "u2f", "fido2", "totp"],
  ...["otp", "hotp", "opie", "skey", "motp", "mobile_otp", "barada", "ppp", "2fa", "authy"],
  ...["privacyidea", "linotp", "openotp", "securid", "tiqr", "usb"],
]);

/** Programs that modules run for codes: `pam_python.so privacyidea_pam.py`. */
const CODE_PROGRAM = /otp|authenticator|privacyidea|duo|yubi|two-?factor|2fa/i;
const RUNNERS: readonly string[] = ["exec", "python", "script", "perl"];

/** Modules that say nothing about whether the user may log in. */
const SILENT: ReadonlySet<string> = new Set([
  ...["env", "faildelay", "group", "mail", "warn", "keyinit", "issue", "echo", "motd"],
]);

/** Modules that look at the user, the place or the time, but not at the password. */
const GATES: ReadonlySet<string> = new Set([
  ...["succeed_if", "access", "listfile", "localuser", "usertype", "time", "nologin", "securetty"],
  ...["shells", "wheel", "tally", "tally2", "faillock", "sepermit", "selinux", "timestamp"],
  ...["rhosts", "cap", "abl", "geoip", "ftp", "lastlog", "canonicalize_user", "exec"],
]);

/** Modules that remember the password for later, and succeed whatever it is. */
const KEEPERS: ReadonlySet<string> = new Set([
  ...["gnome_keyring", "kwallet", "kwallet5", "mount", "ecryptfs"],
]);

const ANY = ["success", "ignore", "auth_err", "perm_denied", "user_unknown"];
const REFUSALS = ["auth_err", "user_unknown", "authinfo_unavail"];

/** Says whether a rule's module asks for another code than the password. */
export function asksForCode({ module, args }: StackEntry): boolean {
  const name = nameOf(module);
  return CODE_MODULES.has(name) ||
    RUNNERS.includes(name) && args.some((arg) => CODE_PROGRAM.test(arg));
}

/** The results that a module may have if the password is wrong. */
export function resultsIfWrong(entry: StackEntry): readonly string[] {
  return fixedResults(entry) ?? (isGate(entry) ? ANY : REFUSALS);
}

/** The results that a module may have if the password is right, and there is no code. */
export function resultsIfRight(entry: StackEntry): readonly string[] {
  return fixedResults(entry) ?? (asksForCode(entry) ? REFUSALS : ANY);
}

/** The results of modules that do not look at the password; null for the others. */
function fixedResults({ module, args }: StackEntry): readonly string[] | null {
  const name = nameOf(module);
  switch (name) {
    case "permit":
      return ["success"];
    // OpenVPN and the helper of its plugin run as root.
    case "rootok":
      return ["success"];
    case "deny":
      return ["auth_err"];
    // What libpam makes of a rule that it cannot read.
    case "":
      return ["perm_denied"];
    case "debug":
      return [args.findLast((arg) => arg.startsWith("auth="))?.slice("auth=".length) ?? "success"];
    case "faillock":
      if (args.includes("authfail")) return ["auth_err"];
      return args.includes("authsucc") ? ["success", "ignore"] : null;
  }
  if (SILENT.has(name)) return ["ignore"];
  return KEEPERS.has(name) ? ["success", "ignore"] : null;
}

function isGate({ module, args }: StackEntry): boolean {
  const name = nameOf(module);
  // The program that pam_exec runs may check the password that it is handed.
  return GATES.has(name) && !(name === "exec" && args.includes("expose_authtok"));
}

function nameOf(module: string | null): string {
  return module?.replace(/^pam_/, "") ?? "";
}
