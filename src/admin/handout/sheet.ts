import { createHash } from "node:crypto";
import { printable } from "../../text/printable.ts";
import { COMMON_PARAMETERS, type TotpParameters } from "../../core/totp_parameters.ts";
import { APPS } from "./authenticator_apps.ts";
import type { Handout } from "./handout.ts";
import { Markup, markup } from "./markup.ts";
import { qrSvg } from "./qr_svg.ts";
import { SHEET_STYLE } from "./sheet_style.ts";

/**
 * A page for a user, to print or to read: the QR code and the key, how to set up an app with them,
 * and what to do at the login. It is one file that loads and runs nothing; its
 * Content-Security-Policy (CSP level 3) forbids both, and every style but its own.
 */
export function sheet(handout: Handout): string {
  const { issuer, username } = handout;
  const sections = [
    scan(handout),
    key(handout),
    logIn(handout.parameters),
    ...handout.recoveryCodes.length === 0 ? [] : [recovery(handout)],
    safety(handout),
  ];
  return markup`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy()}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<meta name="color-scheme" content="light dark">
<title>Login codes for ${username} at ${issuer}</title>
<style>${new Markup(SHEET_STYLE)}</style>
</head>
<body>
<main class="${printedSize(handout)}">
<header>
<p class="issuer"><bdi>${issuer}</bdi></p>
<h1>Set up your login codes</h1>
<p>You log in with your password and a code from an authenticator app on your phone. Set up the
app once, with this page.</p>
</header>
${sections}</main>
</body>
</html>
`.text;
}

/** The class that chooses how small the page is printed, so that it fits on one sheet of paper. */
function printedSize({ issuer, username, secret, parameters }: Handout): string {
  const { length } = printable(issuer) + printable(username) + secret;
  if (length > 300) return "longest";
  return length > 110 || !areCommon(parameters) ? "long" : "usual";
}

function policy(): string {
  const hash = createHash("sha256").update(SHEET_STYLE).digest("base64");
  return `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`;
}

function scan({ uri }: Handout): Markup {
  const apps = APPS.map(({ names, steps }) =>
    markup`<tr><th scope="row">${names}</th><td>${steps.join(" › ")}</td></tr>
`
  );
  return markup`<section>
<h2>Scan the QR code</h2>
<div class="scan">
<div class="code">${new Markup(qrSvg(uri))}</div>
<div>
<p>Open an authenticator app and add an account:</p>
<table>
${apps}</table>
<p class="screen">Are you reading this on that phone?
<a href="${uri}">Open it in the app</a>.</p>
</div>
</div>
</section>
`;
}

function key({ issuer, username, secret, parameters }: Handout): Markup {
  const rows = [["Service", issuer], ["Account", username], ...uncommon(parameters)] as const;
  return markup`<section>
<h2>Or type the key</h2>
<p>If you can’t scan the code, choose to enter a key by hand, and choose “time-based”.</p>
<dl>
<dt>Key</dt><dd class="key">${groups(secret)}</dd>
${
    rows.map(([name, value]) =>
      markup`<dt>${name}</dt><dd><bdi>${value}</bdi></dd>
`
    )
  }</dl>
${areCommon(parameters) ? "" : UNCOMMON}</section>
`;
}

const UNCOMMON = markup`<p>Some apps ignore the last three and show wrong codes. If your codes are
refused, use an app that lets you set them, such as Aegis.</p>
`;

function logIn({ digits, periodSeconds }: TotpParameters): Markup {
  return markup`<section>
<h2>Log in</h2>
<p>Connect, and type your username and password as usual. When you are asked for a code,
type the <b>${digits} digits</b> that the app shows. They change every ${periodSeconds} seconds
and work once: for another login, wait for the next.</p>
</section>
`;
}

function recovery({ recoveryCodes }: Handout): Markup {
  const codes = recoveryCodes.map((code) =>
    markup`<li>${code}</li>
`
  );
  return markup`<section>
<h2>Keep the recovery codes</h2>
<p>When you don’t have your phone, type one of these instead of the digits. Each works once.</p>
<ul class="recovery">
${codes}</ul>
</section>
`;
}

function safety({ recoveryCodes }: Handout): Markup {
  const what = recoveryCodes.length === 0
    ? "destroy it, on paper and as a file"
    : "keep the recovery codes where nobody else can find them, and destroy the rest, " +
      "on paper and as a file";
  return markup`<section class="safety">
<h2>For your eyes only</h2>
<p>Anyone who has this page can make your codes. Once the app shows them, ${what}. If somebody
else has seen it, or if you lose your phone, tell your administrator, who can give you a new key.</p>
</section>
`;
}

function groups(secret: string): Markup[] {
  return (secret.match(/.{1,4}/g) ?? []).map((group) => markup`<span>${group}</span> `);
}

function areCommon(parameters: TotpParameters): boolean {
  const { algorithm, digits, periodSeconds } = COMMON_PARAMETERS;
  return parameters.algorithm === algorithm && parameters.digits === digits &&
    parameters.periodSeconds === periodSeconds;
}

/** What an app must be told where it isn't what every app assumes. */
function uncommon(parameters: TotpParameters): (readonly [name: string, value: string])[] {
  if (areCommon(parameters)) return [];
  return [
    ["Algorithm", parameters.algorithm],
    ["Digits", String(parameters.digits)],
    ["Period", `${parameters.periodSeconds} seconds`],
  ];
}
