import { COMMON_PARAMETERS } from "../core/totp_parameters.ts";
import { decodeBase32 } from "../text/base32.ts";
import { accountOf, UNCLEAR_LABEL } from "./label.ts";
import { decodePercent } from "./percent.ts";
import { COUNTED_CODES, type ReadingBuilder } from "./reading_builder.ts";
import type { SourceEntry } from "./source_entry.ts";
import { algorithmOf, type Line, wholeNumber } from "./text.ts";

/** The scheme may be in capitals (RFC 3986 section 3.1); a slash behind the label means nothing. */
const URI = /^otpauth:\/\/([A-Za-z0-9]+)\/([^?#]*?)\/?\?([^#]*)$/i;

/**
 * Reads a provisioning URI (Key URI Format of Google Authenticator), with its parameters in any
 * order. The username is the account in the label.
 */
export function readUriLine(reading: ReadingBuilder, { place, text }: Line): void {
  const parts = text.trim().match(URI);
  if (parts === null) return reading.unreadable(place, null, "it is not an otpauth URI");
  const [, type, encodedLabel, query] = parts;
  const label = decodePercent(encodedLabel!);
  const values = readQuery(query!);
  if (label === null || values === null) {
    const reason = "it has a broken percent escape or a repeated parameter";
    return reading.unreadable(place, null, reason);
  }
  const named = values.get("issuer") || null;
  const account = accountOf(label, named);
  if (account === null) return reading.unreadable(place, label, UNCLEAR_LABEL);
  const { username, issuer } = account;
  const problem = problemWith(type!, values);
  if (problem === null) reading.add({ place, username, issuer, ...contentOf(values) });
  else reading[problem.kind](place, username, problem.reason, issuer);
}

function problemWith(
  type: string,
  values: ReadonlyMap<string, string>,
): { kind: "unreadable" | "uncarried"; reason: string } | null {
  switch (type.toLowerCase()) {
    case "totp":
      break;
    case "hotp":
      return { kind: "uncarried", reason: COUNTED_CODES };
    default:
      return { kind: "unreadable", reason: "its type is unknown" };
  }
  if (!values.has("encoder")) return null;
  const reason = "the codes are not digits (the parameter encoder, which Steam uses)";
  return { kind: "uncarried", reason };
}

/** A parameter without a value is as good as none. */
function contentOf(
  values: ReadonlyMap<string, string>,
): Pick<SourceEntry, "secret" | "parameters"> {
  const { algorithm, digits, periodSeconds } = COMMON_PARAMETERS;
  return {
    secret: decodeBase32(values.get("secret") ?? ""),
    parameters: {
      algorithm: algorithmOf(values.get("algorithm") || algorithm),
      digits: wholeNumber(values.get("digits") || String(digits)),
      periodSeconds: wholeNumber(values.get("period") || String(periodSeconds)),
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
