import type { Console } from "./console.ts";
import { qrCode } from "./qr_code.ts";

/** Shows the QR code of a provisioning URI at the terminal, or says why it can't. */
export function showQrCode(console: Console, uri: string): void {
  const drawn = qrCode(uri, console.columns());
  console.err(
    drawn === null
      ? "openvpn-totp: the terminal is too narrow for the QR code: " +
        "write it to a picture with: openvpn-totp show USER --qr FILE.png\n"
      : `\n${drawn}\n`,
  );
}
