/** Enrolments with the numbers of recovery codes, as `enrolmentOf` reads them. */
export const ENROLMENTS = `(SELECT enrolments.*, (SELECT count(*) FROM openvpn_totp.recovery_codes
   WHERE recovery_codes.username = enrolments.username) AS recovery_codes
 FROM openvpn_totp.enrolments) AS enrolments`;
