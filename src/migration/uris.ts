import { COMMON_PARAMETERS } from "../core/totp_parameters.ts";
import { decodeBase32 } from "../text/base32.ts";
import { accountOf } from "./label.ts";
import type { Reading } from "./reading.ts";
import { COUNTED_CODES, ReadingBuilder, type SourceEntry } from "./reading_builder.ts";
import { algorithmOf, decodeText, type Line, meantLines, wholeNumber } from "./text.ts";

const URI = /^otpauth:\/\/([A-Za-z0-9]+)\/([^?#]*)\?([^#]*)$/;

/**
 * Reads provisioning URIs, one per line (Key URI Format of Google Authenticator), with their
 * parameters in any order. The username is the account in the label.
 *
 * @throws UnreadableSource
 */
export function readUris(content: Uint8Array): Reading {
  const reading = new ReadingBuilder();
  for (const line of meantLines(decodeText(content))) readLine(reading, line);
  return reading;
}

function readLine(reading: ReadingBuilder, { place, text }: Line): void {
  const parts = text.trim().match(URI);
  if (parts === null) return reading.unreadable(place, null, "it is not an otpauth URI");
  const [, type, encodedLabel, query] = parts;
  const label = decodePercent(encodedLabel!);
  const values = readQuery(query!);
  if (label === null || values === null) {
    const reason = "it has a broken percent escape or a repeated parameter";
    return reading.unreadable(place, null, reason);
  }
  const { username, issuer } = accountOf(label, values.get("issuer") ?? null);
  switch (type!.toLowerCase()) {
    case "totp":
      break;
    case "hotp":
      return reading.uncarried(place, username, COUNTED_CODES);
    default:
      return reading.unreadable(place, username, "its type is unknown");
  }
  if (values.has("encoder")) {
    const reason = "the codes are not digits (the parameter encoder, which Steam uses)";
    return reading.uncarried(place, username, reason);
  }
  reading.add({ place, username, issuer, ...contentOf(values) });
}

function contentOf(
  values: ReadonlyMap<string, string>,
): Pick<SourceEntry, "secret" | "parameters"> {
  const { algorithm, digits, periodSeconds } = COMMON_PARAMETERS;
  return {
    secret: decodeBase32(values.get("secret") ?? ""),
    parameters: {
      algorithm: algorithmOf(values.get("algorithm") ?? algorithm),
      digits: wholeNumber(values.get("digits") ?? String(digits)),
      periodSeconds: wholeNumber(values.get("period") ?? String(periodSeconds)),
    },
  };
}

/**
 * The parameters after the `?`; null if one is repeated, since programs differ in which they use.
 */
function readQuery(query: string): Map<string, string> | null {
  const values = new Map<string, string>();
  for (const part of query.split("&")) {
    if (part === "") continue;
    const [name = "", ...value] = part.split("=");
    const text = decodePercent(value.join("=").replaceAll("+", " "));
    const key = decodePercent(name)?.toLowerCase();
    if (text === null || key === undefined || values.has(key)) return null;
    values.set(key, text);
  }
  return values;
}

/** Null for a broken percent escape, or one that is not UTF-8. */
export function decodePercent(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
