/** Return values of libpam's functions, by PAM's own names (security/_pam_types.h of Linux-PAM). */
export const Status = {
  SUCCESS: 0,
  OPEN_ERR: 1,
  SYMBOL_ERR: 2,
  SERVICE_ERR: 3,
  SYSTEM_ERR: 4,
  BUF_ERR: 5,
  PERM_DENIED: 6,
  AUTH_ERR: 7,
  CRED_INSUFFICIENT: 8,
  AUTHINFO_UNAVAIL: 9,
  USER_UNKNOWN: 10,
  MAXTRIES: 11,
  NEW_AUTHTOK_REQD: 12,
  ACCT_EXPIRED: 13,
  SESSION_ERR: 14,
  CRED_UNAVAIL: 15,
  CRED_EXPIRED: 16,
  CRED_ERR: 17,
  NO_MODULE_DATA: 18,
  CONV_ERR: 19,
  AUTHTOK_ERR: 20,
  AUTHTOK_RECOVERY_ERR: 21,
  AUTHTOK_LOCK_BUSY: 22,
  AUTHTOK_DISABLE_AGING: 23,
  TRY_AGAIN: 24,
  IGNORE: 25,
  ABORT: 26,
  AUTHTOK_EXPIRED: 27,
  MODULE_UNKNOWN: 28,
  BAD_ITEM: 29,
  CONV_AGAIN: 30,
  INCOMPLETE: 31,
} as const;

/** A return value as PAM's manual writes it, such as `PAM_AUTH_ERR`. */
export function pamStatusName(status: number): string {
  const found = Object.entries(Status).find(([, value]) => value === status);
  return found === undefined ? `PAM status ${status}` : `PAM_${found[0]}`;
}
