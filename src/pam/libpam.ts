import { openLibrary } from "../system/libraries.ts";

/**
 * libpam's functions as security/pam_appl.h declares them; `usize` stands for pointers that are
 * plain numbers here, `buffer` for memory of ours that C code uses during the call alone.
 *
 * The two functions that run modules are `nonblocking`: they run in a thread of Deno's pool, so
 * that this thread can stop waiting for a module that hangs. Callbacks come back to this thread.
 */
const SYMBOLS = {
  pam_start: {
    parameters: [
      "buffer", // const char *service_name: libpam copies it
      "buffer", // const char *user: libpam copies it
      "usize", // const struct pam_conv *pam_conversation
      "buffer", // pam_handle_t **pamh: written before the call returns
    ],
    result: "i32",
  },
  pam_end: {
    parameters: [
      "usize", // pam_handle_t *pamh: not valid afterwards
      "i32", // int pam_status
    ],
    result: "i32",
  },
  pam_set_item: {
    parameters: [
      "usize", // pam_handle_t *pamh
      "i32", // int item_type
      "usize", // const void *item: libpam copies strings, and keeps the address of functions
    ],
    result: "i32",
  },
  pam_get_item: {
    parameters: [
      "usize", // const pam_handle_t *pamh
      "i32", // int item_type
      "buffer", // const void **item: set to memory that libpam owns
    ],
    result: "i32",
  },
  pam_authenticate: {
    parameters: [
      "usize", // pam_handle_t *pamh
      "i32", // int flags
    ],
    result: "i32",
    nonblocking: true,
  },
  pam_acct_mgmt: {
    parameters: [
      "usize", // pam_handle_t *pamh
      "i32", // int flags
    ],
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

/** Items of a transaction (pam_set_item(3)). */
export const Item = {
  USER: 2,
  TTY: 3,
  RHOST: 4,
  FAIL_DELAY: 10,
} as const;

/** Flags of the calls that run modules (pam_authenticate(3)). */
export const Flag = {
  DISALLOW_NULL_AUTHTOK: 0x0001,
} as const;

/** Styles of a conversation's messages (pam_conv(3)). */
export const Style = {
  PROMPT_ECHO_OFF: 1,
  PROMPT_ECHO_ON: 2,
  ERROR_MSG: 3,
  TEXT_INFO: 4,
} as const;

/** The most messages in one call of the conversation (PAM_MAX_NUM_MSG). */
export const MAX_MESSAGES = 32;
