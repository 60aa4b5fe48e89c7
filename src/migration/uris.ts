import { COMMON_PARAMETERS } from "../core/totp_parameters.ts";
import { decodeBase32 } from "../text/base32.ts";
import { accountOf } from "./label.ts";
import { COUNTED_CODES, type Entry, Findings, type Reading } from "./reading.ts";
import { algorithmOf, decodeText, type Line, meantLines, wholeNumber } from "./text.ts";

const URI = /^otpauth:\/\/([A-Za-z0-9]+)\/([^?#]*)\?([^#]*)$/;

/**
 * Reads provisioning URIs, a line each (Key URI Format of Google Authenticator), with their parameters
 * in any order. The username is the account's part of the label.
 *
 * @throws UnreadableSource
 */
export function readUris(content: Uint8Array): Reading {
  const findings = new Findings();
  for (const line of meantLines(decodeText(content))) readLine(findings, line);
  return findings;
}

function readLine(findings: Findings, { place, text }: Line): void {
  const parts = text.trim().match(URI);
  if (parts === null) {
    return findings.unreadable(place, null, "it is no otpauth URI");
  }
  const [, type, encodedLabel, query] = parts;
  const label = decodePercent(encodedLabel!);
  const values = readQuery(query!);
  if (label === null || values === null) {
    return findings.unreadable(
      place,
      null,
      "it has a broken escape, or a parameter twice",
    );
  }
  const { username, issuer } = accountOf(label, values.get("issuer") ?? null);
  if (type!.toLowerCase() === "hotp") {
    return findings.uncarried(
      place,
      username,
      COUNTED_CODES,
    );
  }
  if (type!.toLowerCase() !== "totp") {
    return findings.unreadable(place, username, "its type is unknown");
  }
  if (values.has("encoder")) {
    return findings.uncarried(
      place,
      username,
      "the codes aren't digits (encoder, such as Steam's)",
    );
  }
  findings.add({ place, username, issuer, ...contentOf(values) });
}

function contentOf(
  values: ReadonlyMap<string, string>,
): Pick<Entry, "secret" | "parameters"> {
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

/** Names and values behind the `?`; null for one twice, since programs differ about which counts. */
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

/** null for a broken escape, or what is not UTF-8. */
export function decodePercent(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
