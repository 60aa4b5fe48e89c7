import type { ReadVariable } from "../../settings.ts";
import { writeReasonFile } from "./answer_files.ts";

/**
 * Writes what the client is told about a refusal; the refusal stands even if that cannot be
 * written.
 */
export function tellReason(told: string | null, read: ReadVariable): void {
  try {
    const path = read("auth_failed_reason_file");
    if (told !== null && path) writeReasonFile(path, told);
  } catch {
    // The refusal stands without its reason.
  }
}
