import type { Console } from "./console.ts";
import { qrCode } from "./qr_code.ts";

/** Shows the QR code of a provisioning URI to whoever sits at the terminal, or says why not. */
export function showQrCode(console: Console, uri: string): void {
  const drawn = qrCode(uri, console.columns());
  console.err(
    drawn === null
      ? "openvpn-totp: the terminal is too narrow for the QR code: " +
        "make a picture of it with: openvpn-totp show USER --qr FILE.png\n"
      : `\n${drawn}\n`,
  );
}
