/**
 * Backups of a database in a file, and their restoring. A database server has tools of its own.
 *
 * @module
 */
export type { RestoreChanges } from "../core/restore.ts";
export { backUp, enrolmentsIn, openBackup } from "./sqlite/backup.ts";
export { type Database, openDatabase } from "./sqlite/database.ts";
export { compare, restore } from "./sqlite/restore.ts";
