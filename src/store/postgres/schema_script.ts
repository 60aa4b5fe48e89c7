import { Failure } from "../../core/failure.ts";
import { grantsSql } from "./grants.ts";
import { SCHEMA_VERSION } from "./migrations.ts";
import { inTransaction, schemaSql } from "./schema_sql.ts";

/**
 * The SQL that `initSchema` would run, for another program to run it.
 *
 * @param from the version that the schema has; 0 where there is none
 * @throws Failure `usage`
 */
export function schemaScript(from: number, role: string): string {
  if (from > SCHEMA_VERSION) {
    throw new Failure(
      "usage",
      `--from is ${from}, but this program knows versions up to ${SCHEMA_VERSION}`,
    );
  }
  return inTransaction(schemaSql(from), grantsSql(role));
}
