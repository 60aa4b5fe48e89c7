import type { TotpParameters } from "../../core/totp_parameters.ts";

/** Where authenticator apps scan a QR code, step by step, in the words of their English menus. */
export const APPS: readonly { names: string; steps: readonly string[] }[] = [
  { names: "Google Authenticator", steps: ["+", "Scan a QR code"] },
  { names: "Microsoft Authenticator", steps: ["+", "Other (Google, Facebook, etc.)"] },
  { names: "Apple Passwords", steps: ["open or add the login", "Set Up Code", "Scan QR Code"] },
  { names: "Aegis", steps: ["+", "Scan QR code"] },
  { names: "2FAS, FreeOTP+", steps: ["+", "scan"] },
  { names: "Bitwarden", steps: ["edit the login", "camera at Authenticator key"] },
  { names: "1Password", steps: ["edit the login", "add One-Time Password", "scan"] },
];

/**
 * Apps that are known to ignore a parameter of a provisioning URI and to make other codes, without
 * saying so. The sources: Google's own "Key Uri Format" (2018) on its app; the tests of 22 apps by
 * gwelch-contegix (2022) on hashes and digits; "TOTP in 2025" by François Marier on hashes, where
 * Google's app for Android is right by now; Keycloak's list of what Google's and Microsoft's apps
 * support (GoogleAuthenticatorProvider, MicrosoftAuthenticatorOTPProvider) on periods.
 */
export const IGNORING_APPS: Readonly<Record<keyof TotpParameters, readonly string[]>> = {
  algorithm: [
    "Microsoft Authenticator",
    "Authy",
    "Duo Mobile",
    "older versions of Google Authenticator for Android",
  ],
  digits: ["Microsoft Authenticator", "older versions of Google Authenticator for Android"],
  periodSeconds: ["Google Authenticator", "Microsoft Authenticator"],
};
