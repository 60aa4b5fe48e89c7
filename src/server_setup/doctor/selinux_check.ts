import { printable } from "../../text/printable.ts";
import { type Finding, ok, problem, warning } from "./finding.ts";
import type { Labelled, SelinuxFacts } from "./selinux_facts.ts";
import type { SetUp } from "./set_up.ts";

const ID = "selinux";

/** The type of OpenVPN's program, by which SELinux confines it. */
const OPENVPN_TYPE = "openvpn_exec_t";

/** The type of programs that OpenVPN may start without its own limits, and the boolean for that. */
const SCRIPT_TYPE = "openvpn_unconfined_script_exec_t";
const BOOLEAN = "openvpn_run_unconfined";

/** Whether SELinux lets OpenVPN run the program with the rights that it needs. */
export function checkSelinux({ selinux: facts, serviceSettings, service }: SetUp): Finding[] {
  if (facts === null) return [ok(ID, "the kernel does not use SELinux")];
  const { openvpn } = facts;
  if (openvpn !== null && typeOf(openvpn) !== OPENVPN_TYPE) {
    return [ok(ID, `SELinux does not confine OpenVPN: ${described(openvpn)}`)];
  }
  if (serviceSettings !== null) {
    return [checkSocket(facts, service?.management?.file?.isSocket ?? false)];
  }
  const commands = commandsFor(facts);
  if (commands.length === 0) return [ok(ID, "SELinux lets the program leave OpenVPN's domain")];
  return [facts.runsUnconfined === null ? unknownPolicy(facts) : confined(facts, commands)];
}

/** The type that OpenVPN's domain may write. */
const OWN_TYPE = "openvpn_var_lib_t";

/** The program stays in OpenVPN's domain. */
function confined(facts: SelinuxFacts, commands: readonly string[]): Finding {
  const what = `SELinux keeps the program within OpenVPN's domain (${labelsOf(facts)}; ` +
    `${BOOLEAN} is ${facts.runsUnconfined ? "on" : "off"})`;
  const command = commands.join(" && ");
  // Neither a database's server nor a file of that type is refused by the policy.
  const isRefused = facts.database.some((one) => ![OWN_TYPE, null].includes(typeOf(one)));
  const why = isRefused
    ? "there it may not write a database that root has made (var_lib_t), and every login is refused"
    : "whether logins work there is not known";
  if (isRefused && facts.isEnforcing) return problem(ID, what, why, { command });
  return warning(ID, what, `${facts.isEnforcing ? "" : NOT_ENFORCING}${why}`, { command });
}

const NOT_ENFORCING = "SELinux only logs that now; once it enforces, ";

/** Without the boolean, the policy has no type for such programs either. */
function unknownPolicy(facts: SelinuxFacts): Finding {
  const what = `SELinux's policy has no ${BOOLEAN}, so the program stays in OpenVPN's domain (` +
    `${labelsOf(facts)})`;
  const why = "whether logins work there is not known: look for refusals, and allow them in a " +
    "module of your own, or let the service decide about logins (setup --serve)";
  return warning(ID, what, why, { command: "ausearch -m AVC -c openvpn-totp" });
}

/** With the service, OpenVPN runs nothing of ours; it makes a socket. */
function checkSocket({ isEnforcing }: SelinuxFacts, isMade: boolean): Finding {
  const what = "SELinux confines OpenVPN, which makes its management socket in /run/openvpn-totp";
  if (isMade) return ok(ID, `${what}; the socket is there`);
  if (!isEnforcing) return ok(ID, `${what}; it only logs what it would refuse`);
  const why = "whether the policy allows that is not known; if OpenVPN does not start, look for " +
    "refusals";
  return warning(ID, what, why, { command: "ausearch -m AVC -c openvpn" });
}

/** What is left to do, in this order. */
function commandsFor({ programs, runsUnconfined }: SelinuxFacts): string[] {
  const labels = programs.filter((one) => typeOf(one) !== SCRIPT_TYPE).flatMap(({ path }) => {
    const word = wordOf(path);
    return [`semanage fcontext -a -t ${SCRIPT_TYPE} ${word}`, `restorecon ${word}`];
  });
  return [...labels, ...runsUnconfined ? [] : [`setsebool -P ${BOOLEAN} on`]];
}

/**
 * A path as a shell and `semanage` (a regular expression) take it; otherwise a word in its place.
 */
function wordOf(path: string): string {
  return /^[\w/.-]+$/.test(path) ? path : "PROGRAM";
}

function labelsOf({ programs, database }: SelinuxFacts): string {
  return [...programs, ...database].map(described).join(", ");
}

function described({ path, label }: Labelled): string {
  const shown = label === null ? "no label" : printable(label);
  return `${printable(path)} has ${shown}`;
}

/** The third part of `user:role:type:level`. */
function typeOf({ label }: Labelled): string | null {
  return label?.split(":")[2] ?? null;
}
