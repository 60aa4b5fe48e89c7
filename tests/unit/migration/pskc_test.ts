import assert from "node:assert/strict";
import { readPskc } from "../../../src/migration/pskc.ts";
import { recogniseFormat } from "../../../src/migration/recognise_format.ts";
import { assertRefused, bytes, obstaclesIn, SECRET_BYTES, secretsIn } from "./readings.ts";

const HEX = SECRET_BYTES.toHex();
const BASE64 = SECRET_BYTES.toBase64();
const NAMESPACE = "urn:ietf:params:xml:ns:keyprov:pskc";

/** A key package as makers of tokens deliver it; `key` is put behind the secret's data. */
function keyPackage({ serial = "2600124809778", user = "", key = "", profile = "totp" } = {}) {
  return `
  <KeyPackage>
    <DeviceInfo>
      <Manufacturer>Example Technology Co.,Ltd</Manufacturer>
      <SerialNo>${serial}</SerialNo>
    </DeviceInfo>
    <Key Id="${serial}" Algorithm="urn:ietf:params:xml:ns:keyprov:pskc:${profile}">
      <Issuer>My VPN</Issuer>
      <AlgorithmParameters>
        <ResponseFormat Length="6" Encoding="DECIMAL"/>
      </AlgorithmParameters>
      <Data>
        <Secret>
          <PlainValue>
            ${BASE64}
          </PlainValue>
        </Secret>
        <Time><PlainValue>0</PlainValue></Time>
        <TimeInterval><PlainValue>60</PlainValue></TimeInterval>
      </Data>
      ${user === "" ? "" : `<UserId>${user}</UserId>`}
      <Policy>
        <StartDate>2012-08-01T00:00:00Z</StartDate>
        <ExpiryDate>2037-12-31T00:00:00Z</ExpiryDate>
      </Policy>${key}
    </Key>
  </KeyPackage>`;
}

const container = (...packages: string[]) =>
  `<?xml version="1.0" encoding="UTF-8"?>
<!-- delivered with the tokens -->
<KeyContainer Version="1.0" xmlns="${NAMESPACE}">${packages.join("")}
</KeyContainer>
`;

const read = (text: string) => readPskc(bytes(text));

Deno.test("readPskc reads the keys of a container, and whose they are", () => {
  const file = container(
    keyPackage({ user: "alice" }),
    keyPackage({ user: "UID=bob,DC=example,DC=net" }),
    keyPackage({ user: "CN=carol" }),
    keyPackage({ user: "zo&#235; &amp; co" }),
  );
  assert.equal(recogniseFormat(bytes(file)), "pskc");
  const reading = read(file);
  assert.deepEqual(obstaclesIn(reading), []);
  assert.deepEqual(secretsIn(reading), { alice: HEX, bob: HEX, carol: HEX, "zoë & co": HEX });
  const [first] = reading.users;
  assert.deepEqual(
    [first!.place, first!.issuer, Object.values(first!.parameters)],
    ["key package 1", "My VPN", ["SHA1", 6, 60]],
  );
});

Deno.test("readPskc reads prefixes, the hash and the number of digits, and common values", () => {
  const prefixed = container(keyPackage({ user: "alice" }))
    .replace(/<(\/?)([A-Z])/g, "<$1k:$2").replace("xmlns=", "xmlns:k=")
    .replace("</k:AlgorithmParameters>", "<k:Suite>HMAC-SHA256</k:Suite></k:AlgorithmParameters>")
    .replace('Length="6"', 'Length="8"').replace("pskc:totp", "pskc#totp");
  assert.equal(recogniseFormat(bytes(prefixed)), "pskc");
  assert.deepEqual(Object.values(read(prefixed).users[0]!.parameters), ["SHA256", 8, 60]);
  const short = `<KeyContainer xmlns="${NAMESPACE}"><KeyPackage>` +
    `<DeviceInfo><UserId>alice</UserId></DeviceInfo><Key Algorithm="${NAMESPACE}:totp">` +
    `<Data><Secret><PlainValue>${BASE64}</PlainValue></Secret></Data></Key></KeyPackage>` +
    "</KeyContainer>";
  assert.deepEqual(Object.values(read(short).users[0]!.parameters), ["SHA1", 6, 30]);
  const foreign = short.replace("<Secret>", '<Secret xmlns="urn:other">');
  assert.match(obstaclesIn(read(foreign))[0]!, /unreadable alice: the secret is not base64/);
});

Deno.test("readPskc names keys that cannot be carried over", () => {
  const alter = (from: string | RegExp, to: string) =>
    keyPackage({ user: "alice" }).replace(from, to);
  const cases: [keyPackage: string, reason: RegExp][] = [
    [keyPackage({ user: "alice", profile: "hotp" }), /uncarried alice: .*counter/],
    [keyPackage({ user: "alice", profile: "ocra" }), /uncarried alice: .*not one for time-based/],
    [keyPackage(), /uncarried null: .*no user.*serial number "2600124809778".*USER=FILE/],
    [alter("DECIMAL", "HEXADECIMAL"), /uncarried alice: .*not decimal/],
    [alter('Length="6"', 'Length="6" CheckDigits="true"'), /uncarried alice: .*check digit/],
    [alter('Length="6"', 'Length="10"'), /uncarried alice: .*unsupported parameters/],
    [alter(">60<", ">6e1<"), /uncarried alice: .*unsupported parameters/],
    [alter(">0<", ">1700000000<"), /uncarried alice: .*does not begin at 0/],
    [alter(BASE64, "not base64!"), /unreadable alice: the secret is not base64/],
    [alter(BASE64, "MTIzNA=="), /uncarried alice: the secret has 4 bytes/],
  ];
  for (const [text, reason] of cases) {
    const [line] = obstaclesIn(read(container(text)));
    assert.match(line ?? "", reason);
    assert(!line!.includes(BASE64));
  }
  const withPin = keyPackage({ user: "alice" }).replace("<Policy>", '<Policy><PINPolicy Min="4"/>');
  assert.match(read(container(withPin)).notes[0]!.text, /^the PIN/);
  const given = readPskc(bytes(container(keyPackage())), { owner: "alice" });
  assert.deepEqual(secretsIn(given), { alice: HEX });
});

Deno.test("readPskc says what to do about encrypted keys", () => {
  const encrypted = container(
    keyPackage({ user: "alice" }).replace(
      /<PlainValue>\s+[^<]+<\/PlainValue>/,
      "<EncryptedValue><x:CipherData xmlns:x='http://www.w3.org/2001/04/xmlenc#'>" +
        "<x:CipherValue>AAECAwQFBgcICQoLDA0OD</x:CipherValue></x:CipherData></EncryptedValue>",
    ),
  );
  assert.equal(recogniseFormat(bytes(encrypted)), "pskc");
  assertRefused(() => read(encrypted), /^its keys are encrypted: decrypt it first.*pskc2pskc/);
});

Deno.test("readPskc expands no entities, and refuses what is not a container", () => {
  const whole = container(keyPackage({ user: "alice" }));
  const doctype = (text: string) => whole.replace("?>\n", `?>\n<!DOCTYPE KeyContainer ${text}>\n`);
  const cases: [text: string, reason: RegExp][] = [
    [doctype('[<!ENTITY a "alice">]'), /document type/],
    [doctype('SYSTEM "file:///etc/passwd"'), /document type/],
    [doctype(""), /document type/],
    [whole.replace(">alice<", ">&alice;<"), /not well-formed XML \(line \d+\)/],
    [whole.replace("</UserId>", ""), /not well-formed|has an element/],
    [whole.slice(0, -20), /not well-formed/],
    [whole + whole, /not well-formed/],
    [whole.replaceAll("KeyContainer", "Container"), /not a key container/],
    [whole.replaceAll("KeyPackage", "Device"), /no key packages/],
    [whole.replace("<UserId>", "<UserId>x</UserId><UserId>"), /two Key\/UserId/],
    [whole.replace("<PlainValue>", "<PlainValue>AAAA<b/>"), /PlainValue has an element/],
    [whole.replace("alice", "a".repeat(5000)), /UserId is too long/],
    [`<KeyContainer xmlns="${NAMESPACE}">${"<a>".repeat(1000)}`, /nested too deeply/],
    [
      `<KeyContainer ${Array.from({ length: 100 }, (_, i) => `a${i}="b"`).join(" ")}>`,
      /too many attributes/,
    ],
    ["", /not well-formed|no key packages/],
    [BASE64, /not well-formed/],
  ];
  for (const [text, reason] of cases) assertRefused(() => read(text), reason);
});
