/** The packages' name, which is the program's. */
export const NAME = "openvpn-totp";

/** One line, without the name. */
export const SUMMARY = "two-factor logins for OpenVPN with PAM passwords and TOTP codes";

/** Paragraphs that say what the program is. */
const DESCRIPTION = [
  "openvpn-totp asks users of an OpenVPN server for two factors: username and password, checked " +
  "through PAM, then a code from an authenticator app (TOTP, RFC 6238).",
  "OpenVPN runs the program at each login, or asks it over its management interface. The program's " +
  "own commands enrol and manage users, set a server up, and look for what makes logins fail.",
];

/** How wide a description's lines are, with the blank that each begins with in Debian's packages. */
const WIDTH = 79;

/** The lines of a description that says what the program is; an empty one is between paragraphs. */
export function descriptionLines(): string[] {
  return DESCRIPTION.flatMap((text, i) => i === 0 ? wrapped(text) : ["", ...wrapped(text)]);
}

function wrapped(text: string): string[] {
  const [first = "", ...words] = text.split(" ");
  const lines = [first];
  for (const word of words) {
    const longer = `${lines.at(-1)} ${word}`;
    if (longer.length < WIDTH) lines.splice(-1, 1, longer);
    else lines.push(word);
  }
  return lines;
}

/**
 * Who answers for the packages. The project knows no address of its own: whoever publishes packages
 * names one here or by `--maintainer`. A domain below `invalid` never exists (RFC 2606).
 */
export const MAINTAINER = "the openvpn-totp authors <nobody@openvpn-totp.invalid>";

/** The oldest OpenVPN that delivers a script's request for a code. */
export const OLDEST_OPENVPN = "2.6.1";

/** The newest C library whose symbols the base binary uses. */
export const OLDEST_GLIBC = "2.27";
