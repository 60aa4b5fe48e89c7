/**
 * The columns that this program reads, named one by one: a prepared statement with `*` would fail when a
 * newer program adds a column ("cached plan must not change result type"), and a transaction with it.
 */

/** What `challengeOf` reads. */
export const CHALLENGE =
  "attempt, username, login_name, common_name, address, created_at, expires_at, answer";

/** What `exemptionOf` reads. */
export const EXEMPTION = "username, since, until, network";

/** What `failuresOf` reads of `enrolments` and `known_places`. */
export const FAILURES = "failures, last_wrong, last_wrong_at, locks, locked_until";

/** What `decisionOf` reads, with the row's id. */
export const DECISION = "id, at, login_name, username, address, common_name, step, outcome, " +
  "accepted_by, reason, detail, count, last_at";

/** What is read of `enrolments` itself. */
const STORED_ENROLMENT =
  "username, secret, key_id, algorithm, digits, period, issuer, enrolled_at, tokens_valid_from, " +
  `disabled_at, last_login_at, last_step, uncoded_at, ${FAILURES}`;

/** What `enrolmentOf` reads of {@link ENROLMENTS}. */
export const ENROLMENT = `${STORED_ENROLMENT}, recovery_codes`;

/** Enrolments with the numbers of recovery codes. */
export const ENROLMENTS = `(SELECT ${STORED_ENROLMENT},
   (SELECT count(*) FROM openvpn_totp.recovery_codes
    WHERE recovery_codes.username = enrolments.username) AS recovery_codes
 FROM openvpn_totp.enrolments) AS enrolments`;
