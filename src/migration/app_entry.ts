import { decodeBase32 } from "../text/base32.ts";
import { COUNTED_CODES, type ReadingBuilder } from "./reading_builder.ts";
import { algorithmOf } from "./text.ts";

/** An entry of an authenticator app's export, as it is in its JSON: a field may have any type. */
export interface AppEntry {
  place: string;
  /** The account's name in the app. */
  username: string | null;
  issuer: string | null;
  /** `totp`, `hotp`, or a kind of the app's own such as `steam`, in any case. */
  type: unknown;
  /** Base32. */
  secret: unknown;
  algorithm: unknown;
  digits: unknown;
  periodSeconds: unknown;
}

/** Adds an entry of an authenticator app's export, if its codes are those of TOTP. */
export function addAppEntry(reading: ReadingBuilder, entry: AppEntry): void {
  const { place, username, issuer, type, secret, algorithm, digits, periodSeconds } = entry;
  const kind = typeof type === "string" ? type.toLowerCase() : null;
  if (kind !== null && kind !== "totp") {
    const reason = kind === "hotp"
      ? COUNTED_CODES
      : "the codes are of a kind that only the app has";
    return reading.uncarried(place, username, reason, issuer);
  }
  const isWhole = kind !== null && typeof secret === "string" && typeof algorithm === "string" &&
    typeof digits === "number" && typeof periodSeconds === "number";
  if (!isWhole) {
    const reason = "a field is missing or has the wrong type";
    return reading.unreadable(place, username, reason, issuer);
  }
  const parameters = { algorithm: algorithmOf(algorithm), digits, periodSeconds };
  const entered = { place, username: username ?? "", issuer, parameters };
  reading.add({ ...entered, secret: decodeBase32(secret) });
}
