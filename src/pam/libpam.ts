import { openLibrary } from "../system/libraries.ts";

// Each parameter as in the C declaration of security/pam_appl.h; `usize` stands for pointers.
// What runs modules may take any time, and does so in a thread of Deno's pool, so that this one can
// give it up. Callbacks run in this one all the same.
const SYMBOLS = {
  // int pam_start(const char *service, const char *user, const struct pam_conv *, pam_handle_t **)
  pam_start: {
    parameters: ["buffer", "buffer", "usize", "usize"],
    result: "i32",
  },
  // int pam_end(pam_handle_t *, int pam_status)
  pam_end: { parameters: ["usize", "i32"], result: "i32" },
  // int pam_set_item(pam_handle_t *, int item_type, const void *item)
  pam_set_item: { parameters: ["usize", "i32", "usize"], result: "i32" },
  // int pam_get_item(const pam_handle_t *, int item_type, const void **item)
  pam_get_item: { parameters: ["usize", "i32", "usize"], result: "i32" },
  // int pam_authenticate(pam_handle_t *, int flags)
  pam_authenticate: {
    parameters: ["usize", "i32"],
    result: "i32",
    nonblocking: true,
  },
  // int pam_acct_mgmt(pam_handle_t *, int flags)
  pam_acct_mgmt: {
    parameters: ["usize", "i32"],
    result: "i32",
    nonblocking: true,
  },
} as const satisfies Deno.ForeignLibraryInterface;

/** The functions of libpam that a login needs. */
export type Libpam = Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];

/**
 * Opens libpam.
 *
 * @throws Failure `library_missing`
 */
export function openLibpam(): Libpam {
  return openLibrary("libpam.so.0", SYMBOLS).symbols;
}

/** Return values (security/_pam_types.h). */
export const Pam = {
  SUCCESS: 0,
  PERM_DENIED: 6,
  AUTH_ERR: 7,
  USER_UNKNOWN: 10,
  MAXTRIES: 11,
  CONV_ERR: 19,
} as const;

/** Names of all return values, by number (security/_pam_types.h of Linux-PAM). */
const NAMES = [
  ...["SUCCESS", "OPEN_ERR", "SYMBOL_ERR", "SERVICE_ERR", "SYSTEM_ERR"],
  ...["BUF_ERR", "PERM_DENIED", "AUTH_ERR", "CRED_INSUFFICIENT"],
  ...["AUTHINFO_UNAVAIL", "USER_UNKNOWN", "MAXTRIES", "NEW_AUTHTOK_REQD"],
  ...["ACCT_EXPIRED", "SESSION_ERR", "CRED_UNAVAIL", "CRED_EXPIRED"],
  ...["CRED_ERR", "NO_MODULE_DATA", "CONV_ERR", "AUTHTOK_ERR"],
  ...["AUTHTOK_RECOVERY_ERR", "AUTHTOK_LOCK_BUSY", "AUTHTOK_DISABLE_AGING"],
  ...["TRY_AGAIN", "IGNORE", "ABORT", "AUTHTOK_EXPIRED", "MODULE_UNKNOWN"],
  ...["BAD_ITEM", "CONV_AGAIN", "INCOMPLETE"],
];

/** A return value as PAM's manual calls it. */
export function pamStatusName(status: number): string {
  const name = NAMES[status];
  return name === undefined ? `PAM status ${status}` : `PAM_${name}`;
}

/** Items of a PAM transaction. */
export const Item = {
  USER: 2,
  TTY: 3,
  RHOST: 4,
  FAIL_DELAY: 10,
} as const;

/** Flags of the PAM calls. */
export const Flag = {
  DISALLOW_NULL_AUTHTOK: 0x0001,
  SILENT: 0x8000,
} as const;

/** Styles of a conversation's messages. */
export const Style = {
  PROMPT_ECHO_OFF: 1,
  PROMPT_ECHO_ON: 2,
  ERROR_MSG: 3,
  TEXT_INFO: 4,
} as const;

/** The most messages in one call of the conversation. */
export const MAX_MESSAGES = 32;
