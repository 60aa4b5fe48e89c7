import assert from "node:assert/strict";
import fc from "fast-check";
import { placeText } from "../../../src/core/database_place.ts";
import { parsePostgresUrl, postgresPlace } from "../../../src/core/postgres_url.ts";
import { printable } from "../../../src/text/printable.ts";
import { anyText, holds, textWith } from "../../lab/fuzz.ts";

Deno.test("a URL gives hosts, user and database", () => {
  assert.deepEqual(addressOf("postgres://logins@db.example/vpn"), {
    hosts: [{ host: "db.example", port: 5432 }],
    user: "logins",
    database: "vpn",
    passFile: null,
    tls: { rootCertificates: "system", client: null },
    needsWrites: true,
  });
  assert.deepEqual(
    addressOf("postgresql://logins@db.example/vpn"),
    addressOf("postgres://logins@db.example/vpn"),
  );
});

Deno.test("hosts of a URL: names, addresses, sockets, and their ports", () => {
  const cases: [place: string, expected: [host: string, port: number][]][] = [
    ["a/vpn", [["a", 5432]]],
    ["a:6000/vpn", [["a", 6000]]],
    ["a,b:6000/vpn", [["a", 5432], ["b", 6000]]],
    ["a,b/vpn?port=6000", [["a", 6000], ["b", 6000]]],
    ["a,b/vpn?port=6000,6001", [["a", 6000], ["b", 6001]]],
    ["10.1.2.3:1/vpn", [["10.1.2.3", 1]]],
    ["[2001:db8::1]/vpn", [["2001:db8::1", 5432]]],
    ["[2001:DB8::1]:65535,[::1]/vpn", [["2001:DB8::1", 65535], ["::1", 5432]]],
    ["[::ffff:10.0.0.1]/vpn", [["::ffff:10.0.0.1", 5432]]],
    ["/vpn?host=2001:db8::1", [["2001:db8::1", 5432]]],
    ["%2Frun%2Fpostgresql/vpn", [["/run/postgresql", 5432]]],
    ["%2Frun%2Fpostgresql:6000/vpn", [["/run/postgresql", 6000]]],
    ["/vpn?host=/run/postgresql&port=6000", [["/run/postgresql", 6000]]],
    ["/vpn?host=/run/postgresql,b&port=6000,6001", [["/run/postgresql", 6000], ["b", 6001]]],
    ["/vpn?host=/run/a%2525b", [["/run/a%25b", 5432]]],
    ["/vpn?host=/run/a:5", [["/run/a:5", 5432]]],
    ["xn--bcher-kva.example/vpn", [["xn--bcher-kva.example", 5432]]],
  ];
  for (const [place, expected] of cases) {
    const hosts = expected.map(([host, port]) => ({ host, port }));
    assert.deepEqual(addressOf(`postgres://u@${place}`).hosts, hosts, place);
  }
});

Deno.test("user and database of a URL are percent-encoded UTF-8", () => {
  const { user, database } = addressOf("postgres://log%40ins%3A%C3%A4@a/v%2Fp%20n%3F");
  assert.equal(user, "log@ins:ä");
  assert.equal(database, "v/p n?");
});

Deno.test("TLS verifies the server unless the server is this machine, or it was switched off", () => {
  const system = { rootCertificates: "system", client: null };
  const cases: [place: string, expected: unknown][] = [
    ["a/vpn", system],
    ["a/vpn?sslmode=verify-full", system],
    ["a/vpn?sslrootcert=system", system],
    ["a/vpn?sslmode=disable", null],
    ["localhost/vpn", null],
    ["127.0.0.1/vpn", null],
    ["127.255.0.1,[::1]/vpn", null],
    ["/vpn?host=/run/postgresql", null],
    ["127.0.0.1,a/vpn", system],
    ["/vpn?host=/run/postgresql,a", system],
    ["localhost/vpn?sslmode=verify-full", system],
    // Neither is an address for sure: it may be looked up.
    ["127.0.0.256/vpn", system],
    ["127.0.0.1.example/vpn", system],
    ["127.1/vpn", system],
    ["localhost.example/vpn", system],
    ["a/vpn?sslrootcert=/etc/ca.pem", { rootCertificates: "/etc/ca.pem", client: null }],
    ["localhost/vpn?sslrootcert=/etc/ca.pem", { rootCertificates: "/etc/ca.pem", client: null }],
    [
      "a/vpn?sslcert=/etc/vpn.pem&sslkey=/etc/vpn.key",
      { rootCertificates: "system", client: { certificate: "/etc/vpn.pem", key: "/etc/vpn.key" } },
    ],
  ];
  for (const [place, expected] of cases) {
    assert.deepEqual(addressOf(`postgres://u@${place}`).tls, expected, place);
  }
});

Deno.test("other parameters of a URL", () => {
  const { passFile } = addressOf("postgres://u@a/vpn?passfile=/etc/openvpn-totp/pass%20file");
  assert.equal(passFile, "/etc/openvpn-totp/pass file");
  const any = addressOf("postgres://u@a/vpn?target_session_attrs=any&");
  assert.equal(any.needsWrites, false);
  assert.equal(addressOf("postgres://u@a/vpn?target_session_attrs=read-write").needsWrites, true);
});

Deno.test("a URL that is not allowed, and why", () => {
  const cases: [url: string, objection: RegExp][] = [
    ["", /not have the form/],
    ["mysql://u@a/vpn", /not have the form/],
    ["postgres:/u@a/vpn", /not have the form/],
    ["POSTGRES://u@a/vpn", /not have the form/],
    [" postgres://u@a/vpn", /not have the form/],
    ["postgres://u@a/vpn#part", /not have the form/],
    ["postgres://u@a/vpn/more", /not have the form/],
    ["postgres://u@a/v\npn", /not have the form/],
    ["postgres://u\ud800@a/vpn", /not have the form/],
    [`postgres://u@a/${"v".repeat(2000)}`, /not have the form/],
    ["postgres://a/vpn", /no user/],
    ["postgres://@a/vpn", /no user/],
    ["postgres://u@a", /no database/],
    ["postgres://u@a/", /no database/],
    ["postgres://u@/vpn", /no host/],
    ["postgres://u@a,/vpn", /no host/],
    ["postgres://u@/vpn?host=", /no host/],
    ["postgres://u@a/vpn?host=b", /both before the database and as a parameter/],
    ["postgres://u@a:1/vpn?port=2", /ports both/],
    ["postgres://u@a,b/vpn?port=1,2,3", /neither one port for all hosts/],
    ["postgres://u@a:0/vpn", /port .*1 to 65535/],
    ["postgres://u@a:65536/vpn", /port .*1 to 65535/],
    ["postgres://u@a:/vpn", /port .*1 to 65535/],
    ["postgres://u@a:1e3/vpn", /port .*1 to 65535/],
    ["postgres://u@a:1:2/vpn", /HOST:PORT/],
    ["postgres://u@::1/vpn", /HOST:PORT/],
    ["postgres://u@[a]/vpn", /HOST:PORT/],
    ["postgres://u@[::::]/vpn", /HOST:PORT/],
    ["postgres://u@[fe80::1%25eth0]/vpn", /HOST:PORT/],
    ["postgres://u@-a/vpn", /neither a host's name/],
    ["postgres://u@bücher.example/vpn", /neither a host's name/],
    ["postgres://u@/vpn?host=run/postgresql", /neither a host's name/],
    ["postgres://u@/vpn?host=/", /neither a host's name/],
    ["postgres://u@/vpn?host=@abstract", /neither a host's name/],
    ["postgres://%ff@a/vpn", /well-formed/],
    ["postgres://%@a/vpn", /well-formed/],
    ["postgres://u%00@a/vpn", /well-formed/],
    ["postgres://u@a/vpn%0a", /well-formed/],
    ["postgres://u@a/vpn?sslmode=require", /sslmode is "require".*verify-full/],
    ["postgres://u@a/vpn?sslmode=prefer", /sslmode is "prefer"/],
    ["postgres://u@a/vpn?sslmode=verify-ca", /sslmode is "verify-ca"/],
    ["postgres://u@a/vpn?sslmode=", /sslmode is ""/],
    ["postgres://u@a/vpn?sslmode=disable&sslrootcert=/ca.pem", /sslmode is disable/],
    ["postgres://u@a/vpn?sslcert=/vpn.pem", /belong together/],
    ["postgres://u@a/vpn?sslkey=/vpn.key", /belong together/],
    ["postgres://u@a/vpn?sslrootcert=ca.pem", /sslrootcert is "ca.pem", expected an absolute/],
    ["postgres://u@a/vpn?passfile=~/.pgpass", /passfile is .* absolute/],
    ["postgres://u@a/vpn?passfile=/etc/", /passfile is .* absolute/],
    ["postgres://u@a/vpn?target_session_attrs=standby", /target_session_attrs is "standby"/],
    ["postgres://u@a/vpn?connect_timeout=5", /totpDatabaseTimeout/],
    ["postgres://u@a/vpn?options=-c", /"options" is not known \(known are host, /],
    ["postgres://u@a/vpn?__proto__=1", /"__proto__" is not known/],
    ["postgres://u@a/vpn?port=1&port=2", /port is given twice/],
  ];
  for (const [url, objection] of cases) assert.match(objectionTo(url) ?? "none", objection, url);
});

Deno.test("a password in a URL is refused and not repeated", () => {
  const password = "c0rrect-horse";
  const urls = [
    `postgres://u:${password}@a/vpn`,
    `postgres://u:${password}@/vpn?host=/run`,
    `postgres://:${password}@a/vpn`,
    `postgres://u@a/vpn?password=${password}`,
    `postgres://u@a/vpn?sslmode=disable&password=${password}`,
    // Passwords that should have been percent-encoded.
    `postgres://u:a@${password}@a/vpn`,
    `postgres://u:a/${password}@a/vpn`,
    `postgres://u:a?${password}@a/vpn`,
    `postgres://u:a#${password}@a/vpn`,
    `postgres://u:${password}%@a/vpn`,
    // It stands in the wrong place.
    `postgres://u:${password}/vpn`,
    `postgres://u@a:${password}/vpn`,
    `postgres://u@u:a:${password}/vpn`,
  ];
  for (const url of urls) {
    const objection = objectionTo(url);
    assert.notEqual(objection, null, url);
    assert.ok(!objection!.includes(password), objection!);
  }
  assert.match(objectionTo(urls[0]!)!, /put it into a passfile/);
});

Deno.test("whatever a URL is, it gives an address or an objection that can be printed", () => {
  const pieces = textWith(
    ..."postgres:// u @ : / ? & = , [ ] ::1 %2F % a.b 127.0.0.1 5432 host= port= sslmode= # \\ \n"
      .split(" "),
    ...["disable", "verify-full", "passfile=/x", "sslcert=/c&sslkey=/k", "\u202e", "\ud800"],
  );
  const urls = fc.oneof(anyText, pieces, pieces.map((rest) => `postgres://u@a${rest}`));
  holds(
    fc.property(urls, (url) => {
      const parsed = parsePostgresUrl(url);
      if ("objection" in parsed) return printable(parsed.objection) === parsed.objection;
      const { hosts, user, database } = parsed.address;
      assert.ok(hosts.length > 0 && user !== "" && database !== "");
      for (const { host, port } of hosts) {
        assert.ok(host !== "" && Number.isInteger(port) && port >= 1 && port <= 65535);
      }
      return true;
    }),
    3000,
  );
});

Deno.test("the password after a user's name is in no objection, whatever the rest is", () => {
  const password = "qQx7-Zw9Kk";
  const rest = textWith("@", "/", "?", ":", "#", "a", "vpn", "host=", "sslmode=", "%", "5432");
  holds(
    fc.property(rest, (rest) => {
      const parsed = parsePostgresUrl(`postgres://u:${password}${rest}`);
      return "objection" in parsed && !parsed.objection.includes(password);
    }),
    2000,
  );
});

Deno.test("a place says where it is without what could act on a terminal", () => {
  const place = postgresPlace("postgres://u@[::1],b:1/v%E2%80%AEpn", 5000, "/pass");
  assert.equal(place?.passFile, "/pass");
  assert.equal(placeText(place!), "PostgreSQL's database v\\u{202e}pn at [::1]:5432 or b:1");
  assert.equal(postgresPlace("postgres://u@a/vpn?x=1", 5000), undefined);
  const own = postgresPlace("postgres://u@a/vpn?passfile=/own", 5000, "/pass");
  assert.equal(own?.passFile, "/own");
});

function addressOf(url: string) {
  const parsed = parsePostgresUrl(url);
  if ("address" in parsed) return parsed.address;
  throw new Error(`${url}: ${parsed.objection}`);
}

/** Null where there is none. */
function objectionTo(url: string): string | null {
  const parsed = parsePostgresUrl(url);
  return "objection" in parsed ? parsed.objection : null;
}
