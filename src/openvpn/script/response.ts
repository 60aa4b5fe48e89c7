import type { Code } from "../../core/code.ts";
import type { Redacted } from "../../text/redacted.ts";
import { readResponse } from "../answer.ts";
import { fileError, readBoundedFile } from "../../system/bounded_file.ts";

/**
 * Longest answer that is read, in bytes. Stock clients send at most 256 characters, but the file
 * may contain anything.
 */
const MAX_BYTES = 4096;

/**
 * Reads the file of `client-crresponse`: what the client sent, which should be base64.
 *
 * @returns the code; null if the answer is not one
 * @throws Failure if the file cannot be read
 */
export function readResponseFile(path: string): Redacted<Code> | null {
  return readResponse(readBoundedFile(path, MAX_BYTES));
}

/**
 * Removes the response file, which OpenVPN leaves behind.
 *
 * @throws Failure `file_error`
 */
export function removeResponseFile(path: string): void {
  try {
    if (!Deno.lstatSync(path).isFile) throw new Error("it is not a regular file");
    Deno.removeSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw fileError("remove", path, error);
  }
}
