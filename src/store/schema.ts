/** What `initSchema` did to the schema of a database on a server. */
export interface SchemaChange {
  /** The version that it had; 0 where there was none. */
  from: number;
  /** The version that it has. */
  to: number;
  /** The roles, beside its owner, that may use it now. */
  roles: readonly string[];
}
