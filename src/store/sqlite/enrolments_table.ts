/** Enrolments with the numbers of recovery codes, as `enrolmentOf` reads them. */
export const ENROLMENTS = `(SELECT *, (SELECT count(*) FROM recovery_codes
   WHERE recovery_codes.username = enrolments.username) AS recovery_codes
 FROM enrolments)`;
