import type { TotpParameters } from "../core/totp_parameters.ts";

/** The name of the format in its files. */
export const EXPORT_FORMAT = "openvpn-totp export";

/** The version of the format that is written; no other can be read. */
export const EXPORT_VERSION = 1;

/** A user in an export, as JSON. */
export interface ExportedUser extends TotpParameters {
  username: string;
  issuer: string;
  /** Base32, without padding. */
  secret: string;
  /** RFC 3339. */
  enrolledAt: string;
  /** RFC 3339; null: the user is allowed to log in. */
  disabledAt: string | null;
  /** Only their number, since the codes themselves are not stored anywhere. */
  recoveryCodesLeft: number;
}

/** An export of all users, as JSON. */
export interface ExportFile {
  format: typeof EXPORT_FORMAT;
  version: typeof EXPORT_VERSION;
  users: ExportedUser[];
}
