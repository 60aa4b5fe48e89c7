import { UnreadableSource } from "./reading.ts";
import { decodeText } from "./text.ts";

/** A JSON object, whose fields may have any type. */
export type JsonObject = { [name: string]: unknown };

/**
 * Parses a file as JSON.
 *
 * @throws UnreadableSource, which shows nothing of the file
 */
export function readJson(content: Uint8Array): unknown {
  const text = decodeText(content);
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own error quotes the text.
    throw new UnreadableSource("it is not JSON");
  }
}

/** Says whether a value is a JSON object. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A field's text; null where there is none, or only an empty one. */
export function textIn(object: JsonObject, name: string): string | null {
  const value = Object.hasOwn(object, name) ? object[name] : null;
  return typeof value === "string" && value !== "" ? value : null;
}
