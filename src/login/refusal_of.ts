import { Failure, isSystemError, PassingFailure } from "../core/failure.ts";
import { type Refused, refused, refusedForNow } from "../core/verdict.ts";

/**
 * Turns a thrown error into a refusal. Only the messages of our own errors and of the operating
 * system's are shown; the message of any other error could repeat a value that must not be logged.
 */
export function refusalOf(error: unknown): Refused {
  if (error instanceof Failure) {
    const detail = `${error.code}: ${error.message}`;
    return error instanceof PassingFailure ? refusedForNow(detail) : refused("failure", detail);
  }
  if (!(error instanceof Error)) return refused("failure", "unexpected error");
  return refused(
    "failure",
    isSystemError(error) ? error.message : `unexpected ${error.name} ${placeOf(error)}`,
  );
}

/**
 * Where an error was thrown. The stack begins with the message, which may have many lines: if the
 * message cannot be told apart from the rest, nothing is shown.
 */
function placeOf({ stack = "", message }: Error): string {
  const start = stack.indexOf(message);
  const places = start === -1 ? "" : stack.slice(start + message.length);
  const place = places.split("\n").find((line) => line.startsWith("    at "));
  return place?.trim() ?? "at an unknown place";
}

/** Carries on after a failure, and returns what it was. */
export function attemptTo<T>(
  action: () => T,
): { result?: T; failure?: string | undefined } {
  try {
    return { result: action() };
  } catch (error) {
    return { failure: refusalOf(error).detail };
  }
}
