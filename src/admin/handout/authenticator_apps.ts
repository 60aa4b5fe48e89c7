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
