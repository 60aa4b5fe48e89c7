/** What a column has: moments and counts are integers, a bytea is bytes. */
export type ColumnType = "text" | "integer" | "real" | "bytes";

/** A table that a copy takes along, with the columns that all engines have. */
export interface CopiedTable {
  name: string;
  columns: Readonly<Record<string, ColumnType>>;
  /** What its rows are read by, in this order; no two rows of the same have the same. */
  order: readonly string[];
}

/** A row, by its columns' names. */
export type CopiedRow = Record<string, string | number | Uint8Array | null>;

/**
 * All tables, each behind those that it refers to. Engines number the audit trail's rows themselves,
 * and have rules of their own about which refusals become one row, so a copy begins new ones.
 */
export const COPIED_TABLES: readonly CopiedTable[] = [
  table("enrolments", {
    text: "username key_id algorithm issuer last_wrong",
    bytes: "secret",
    integer: "digits period enrolled_at tokens_valid_from disabled_at last_login_at last_step " +
      "uncoded_at failures last_wrong_at locks locked_until",
  }, "username"),
  table("challenges", {
    text: "attempt username login_name common_name address answer",
    integer: "created_at expires_at",
  }, "attempt"),
  table("login_names", { text: "login_name username" }, "login_name"),
  table("recovery_codes", { text: "username mark" }, "username mark"),
  table("exemptions", { text: "username network", integer: "since until" }, "username"),
  table("notices", { text: "notice", integer: "said_at" }, "notice"),
  table(
    "uncoded_sessions",
    { text: "username", integer: "since until" },
    "username since until",
  ),
  table(
    "place_failures",
    { text: "place", real: "level", integer: "last_at gone_at" },
    "place",
  ),
  table("known_places", {
    text: "place username last_wrong",
    integer: "last_login_at failures last_wrong_at locks locked_until",
  }, "place"),
  table("wrong_passwords", { text: "place mark", integer: "until" }, "place mark"),
  table(
    "open_attempts",
    { text: "attempt place", integer: "number expires_at" },
    "attempt number",
  ),
  table("decisions", {
    text: "login_name username address common_name step outcome accepted_by reason detail",
    integer: "at count last_at",
  }, "id"),
  table("similar_names", { text: "similarity_key username" }, "similarity_key username"),
];

function table(
  name: string,
  types: Partial<Record<ColumnType, string>>,
  order: string,
): CopiedTable {
  const columns = Object.entries(types).flatMap(([type, names]) =>
    names.split(" ").map((name) => [name, type as ColumnType] as const)
  );
  return { name, columns: Object.fromEntries(columns), order: order.split(" ") };
}
