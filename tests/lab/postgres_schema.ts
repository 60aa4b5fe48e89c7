import { grantsSql } from "../../src/store/postgres/grants.ts";
import { inTransaction, schemaSql } from "../../src/store/postgres/schema_sql.ts";

/** The SQL with which the owner of a database makes the schema, and lets a role use it. */
export function schemaFor(role: string): string {
  return inTransaction(schemaSql(0), grantsSql(role));
}
