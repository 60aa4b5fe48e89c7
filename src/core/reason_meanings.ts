import type { Reason } from "./verdict.ts";

/**
 * What each reason for a refusal means to the administrator, and what to do about it: for the manual
 * page and docs/log.md. Logins do not load it. Text between backquotes is code.
 */
export const REASON_MEANINGS: Record<Reason, string> = {
  wrong_password: "PAM refused the password; `detail` has PAM's message",
  too_many_failures: "the sender must wait after failed logins, and nothing was checked; " +
    "`detail` says how long the wait still lasts",
  account_refused: "the account is expired, locked or unknown, or its password must be changed " +
    "(the client is told that after the right password); `detail` has PAM's message, and what its " +
    "modules say, such as how long a lock lasts",
  not_enrolled: "the password was right: run `openvpn-totp enroll USER` with the name that PAM " +
    "uses (`detail` has it if names differ); with `totpPrimaryAuth external` everybody is " +
    "challenged all the same, but no answer is right",
  client_without_method: "the password was right, but none of the methods in " +
    "`totpChallengeMethods` works for the client: see docs/clients.md",
  user_disabled: "the password was right, but the user is disabled: run `openvpn-totp enable USER`",
  wrong_code:
    "run `openvpn-totp verify USER` to see why: the user may have read another entry of " +
    "the app, or one of the clocks is wrong",
  codes_locked: "there were too many wrong codes; the lock ends by itself, or with " +
    "`openvpn-totp unlock USER`",
  code_used: "a code counts once; the next one comes at the end of its period, 30 seconds unless " +
    "`--period` says otherwise (if the server's clock was set back, codes work again once it has " +
    "caught up, or after `enroll --replace`)",
  malformed_code: "the answer was not a code: a code usually has six digits",
  challenge_expired: "the answer came after `totpChallengeTimeout`",
  no_challenge:
    "the answer belongs to no challenge, or its user was deleted or enrolled again in " +
    "the meantime",
  challenge_answered: "this was a second answer to a challenge: only the first one counts",
  challenge_mismatch:
    "the answer came from another address, user or certificate than the one that " +
    "was challenged; `detail` says what differs (if clients change between IPv4 and IPv6 while " +
    "they log in, set `totpBindAddress no`)",
  token_refused: "OpenVPN did not verify the session token, or the token is older than the " +
    "enrolment; the client asks for the password",
  bad_username: "no account can have such a name",
  bad_password: "no account can have such a password",
  common_name_mismatch: "the login name is not the common name of the client's certificate, and " +
    "`totpCommonName` requires that; the password was not looked at",
  busy: "too many logins at once: no PAM helper of the service was free, PAM was not asked, and " +
    "nothing was counted; the client comes back by itself after 15 seconds; `detail` says what was " +
    "full",
  pam_error: "PAM itself failed, or did not answer within `totpPamTimeout`; or the service's PAM " +
    "helper ended without an answer, or its socket cannot be reached or trusted; `detail` has the " +
    "message",
  failure: "something is wrong on the server; `detail` says what, and what to do",
};
