import type { PostgresHost } from "../../core/database_place.ts";
import { isLocal } from "../../core/postgres_url.ts";
import { lastOf, listOf, type Unit } from "../systemd/unit_file.ts";
import { type Finding, ok, problemInUnit } from "./finding.ts";
import type { LineFacts } from "./set_up.ts";

/** Words of `IPAddressAllow=` that let nobody reach another machine's server. */
const NOT_OTHERS = ["localhost", "link-local", "multicast"];

/**
 * Whether the unit lets the program reach its database on a server (systemd.resource-control(5),
 * systemd.exec(5)); nothing where the database is in a file.
 */
export function checkUnitNetwork(
  unit: Unit,
  { settings: { database } }: Pick<LineFacts, "settings">,
): Finding[] {
  if (database.engine !== "postgres") return [];
  const { hosts } = database;
  const found = closedNetwork(unit, hosts) ?? closedAddresses(unit, hosts) ??
    closedFamilies(unit, hosts);
  return [found ?? ok("unit_network", "the unit lets the program reach the database's server")];
}

function closedNetwork(unit: Unit, hosts: readonly PostgresHost[]): Finding | null {
  const at = lastOf(unit, "PrivateNetwork");
  const isOn = at !== null && /^(1|yes|y|true|t|on)$/i.test(at.value);
  if (!isOn || hosts.every(({ host }) => host.startsWith("/"))) return null;
  const why = "the unit has a network of its own, and the database's server is not in it";
  return problemInUnit("unit_network", at, why, "PrivateNetwork=no");
}

function closedAddresses(unit: Unit, hosts: readonly PostgresHost[]): Finding | null {
  const denied = listOf(unit, "IPAddressDeny").at(-1);
  if (denied === undefined) return null;
  const words = (key: string) => listOf(unit, key).flatMap(({ value }) => value.split(/\s+/));
  const isAll = words("IPAddressDeny").some((word) => /^(any|0\.0\.0\.0\/0)$/.test(word));
  // Whether any other address is the server's is for the administrator to know.
  const areOthersOut = words("IPAddressAllow").every((word) => NOT_OTHERS.includes(word));
  const remote = hosts.find(({ host }) => !isLocal(host));
  if (!isAll || !areOthersOut || remote === undefined) return null;
  const why = `it cuts the program off from the database's server ${remote.host}`;
  return problemInUnit("unit_network", denied, why, "IPAddressDeny=");
}

function closedFamilies(unit: Unit, hosts: readonly PostgresHost[]): Finding | null {
  const lists = listOf(unit, "RestrictAddressFamilies");
  const at = lists.at(-1);
  if (at === undefined) return null;
  const words = lists.flatMap(({ value }) => value.split(/\s+/));
  const isInverted = words[0]?.startsWith("~") ?? false;
  const named = words.map((word) => word.replace(/^~/, ""));
  const isAllowed = (family: string) => named.includes(family) !== isInverted;
  const isTcp = hosts.some(({ host }) => !host.startsWith("/"));
  const needed = isTcp ? ["AF_INET", "AF_INET6"] : ["AF_UNIX"];
  if (needed.some(isAllowed)) return null;
  const why = "the program cannot connect to the database's server";
  return problemInUnit(
    "unit_network",
    at,
    why,
    `RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6`,
  );
}
