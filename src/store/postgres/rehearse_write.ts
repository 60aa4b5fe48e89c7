import { placeText, type PostgresPlace } from "../../core/database_place.ts";
import { connect } from "./connect.ts";
import { Deadline } from "./deadline.ts";
import { failureOf } from "./errors.ts";

/** A row that no login makes. */
const NOTICE = "openvpn-totp doctor";

/**
 * Tries what a login needs to write, in a transaction that is taken back: no row stays.
 *
 * @throws Failure as a login would
 */
export async function rehearseWrite(place: PostgresPlace): Promise<void> {
  const deadline = new Deadline(place.timeoutMs);
  const limits = { statementMs: place.timeoutMs, pauseMs: place.timeoutMs };
  try {
    const link = await connect(place, limits, deadline);
    try {
      await link.runAll("BEGIN ISOLATION LEVEL SERIALIZABLE READ WRITE", deadline);
      await link.run(
        "INSERT INTO openvpn_totp.notices (notice, said_at) VALUES ($1, 0)",
        [NOTICE],
        deadline,
      );
      await link.run("DELETE FROM openvpn_totp.notices WHERE notice = $1", [NOTICE], deadline);
      await link.runAll("ROLLBACK", deadline);
    } finally {
      link.close();
    }
  } catch (error) {
    throw failureOf(error, placeText(place));
  }
}
