const OURS = "time=2026-11-23T20:21:40.920Z program=openvpn-totp step=password outcome=refused " +
  "reason=wrong_password user=a address=192.0.2.99";

/**
 * Names that could make a log reader take another address, 192.0.2.99, for the sender's, or hide
 * the sender's.
 */
export const HOSTILE_NAMES = [
  "x address=192.0.2.99",
  '" address=192.0.2.99 x="',
  '" address=192.0.2.99 port=1 common_name="',
  '\\" address=192.0.2.99 x=\\"',
  "x\\",
  'x\\"',
  '"',
  OURS,
  `${OURS} detail="`,
  `\n${OURS}`,
  `x\n${OURS}\n`,
  `x\r${OURS}`,
  `x\u2028${OURS}`,
  `x\u0085${OURS}`,
  `Nov 23 20:21:40 host openvpn[1]: ${OURS}`,
  `host openvpn-totp[1]: ${OURS.slice(OURS.indexOf("step="))}`,
  `Nov 23 20:21:40 host openvpn-totp[1]: ${OURS.slice(OURS.indexOf("step="))}`,
  '" outcome=accepted',
  // Each imitates what a looser filter expects at the end of the line, or at the start of the next
  // name.
  'x" address=192.0.2.99%a',
  'x" address="192.0.2.99%a',
  "a address=192.0.2.99 detail=",
  'a" address=192.0.2.99 detail=',
  " warning=x",
  "\\".repeat(300),
  '"'.repeat(256) + " address=192.0.2.99",
  "a".repeat(255) + '" address=192.0.2.99',
  "é\u202e\u{1f600}".repeat(200),
  "\u0001\u001b[31m\u007f\ufeff",
  "2026-11-23T20:21:40.920Z",
  "a#b;c%d<HOST>{e}",
  " ",
  "",
];
