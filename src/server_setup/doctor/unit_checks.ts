import { lastOf, listOf, type Unit } from "../systemd/unit_file.ts";
import { type Finding, ok, problemInUnit, warning } from "./finding.ts";
import type { LineFacts } from "./set_up.ts";
import { checkUnitNetwork } from "./unit_network.ts";
import { checkUnitPaths } from "./unit_paths.ts";

/** One thread of OpenVPN's and three of the program's. */
const LEAST_TASKS = 4;

/** With less than this, in bytes, the runtime cannot reserve its address space. */
const LEAST_ADDRESS_SPACE = 64 * 2 ** 30;

/** OpenVPN's own unit keeps them, since PAM needs them for OpenVPN's plugin as it does for us. */
const CAPABILITIES = ["CAP_DAC_OVERRIDE", "CAP_AUDIT_WRITE"];

/** The limits that the systemd unit sets. */
export function checkUnit(setUp: LineFacts): Finding[] {
  const { unit } = setUp;
  if (unit === null) return [ok("unit", "no systemd unit is known for this configuration's path")];
  const starts = ok("unit", `${unit.name} starts OpenVPN`);
  if (setUp.serviceSettings !== null) return [starts];
  return [
    starts,
    checkTasks(unit, setUp),
    checkMemory(unit),
    ...checkCapabilities(unit, setUp),
    checkUnitPaths(unit, setUp),
    ...checkUnitNetwork(unit, setUp),
  ];
}

function checkTasks(unit: Unit, { user }: LineFacts): Finding {
  // LimitNPROC counts all threads of a user other than root; TasksMax counts the unit's threads
  // (systemd.resource-control(5)).
  const keys = user.uid === 0 ? ["TasksMax"] : ["TasksMax", "LimitNPROC"];
  const limits = keys.map((key) => lastOf(unit, key)).filter((limit) => limit !== null);
  const low = limits.find(({ value }) => /^\d+$/.test(value) && Number(value) < LEAST_TASKS);
  if (low === undefined) return ok("unit_tasks", "the unit's task limit leaves enough room");
  const why = "OpenVPN needs one task and the program up to three; with fewer, it aborts";
  return problemInUnit("unit_tasks", low, why, `${low.key}=20`);
}

/** Whether the unit lets the program start. */
export function checkMemory(unit: Unit): Finding {
  const limit = lastOf(unit, "LimitAS");
  if (limit !== null && bytesOf(limit.value) < LEAST_ADDRESS_SPACE) {
    const why = "the program's runtime reserves far more address space, and crashes";
    return problemInUnit("unit_memory", limit, why, "LimitAS=infinity");
  }
  return ok("unit_memory", "the unit's memory rules let the program start");
}

function bytesOf(value: string): number {
  const [, digits, unit = ""] = value.match(/^(\d+)([KMGTPE]?)$/) ?? [];
  if (digits === undefined) return Infinity;
  return Number(digits) * 1024 ** " KMGTPE".indexOf(unit || " ");
}

function checkCapabilities(unit: Unit, { settings }: LineFacts): Finding[] {
  const sets = listOf(unit, "CapabilityBoundingSet");
  const at = sets.at(-1);
  if (at === undefined || settings.primaryAuth !== "pam") return [];
  const absent = absentFrom(sets.map(({ value }) => value).join(" "));
  if (absent.length === 0) return [ok("unit_capabilities", "the unit keeps PAM's capabilities")];
  return [warning(
    "unit_capabilities",
    `the unit removes ${absent.join(" and ")}`,
    "OpenVPN's own unit keeps them, and PAM's modules may need them",
    { line: `CapabilityBoundingSet=${absent.join(" ")}`, at },
  )];
}

/** The needed capabilities that a bounding set lacks; `~` in front means all but those named. */
function absentFrom(words: string): string[] {
  const named = words.split(/\s+/).map((word) => word.replace(/^~/, ""));
  const isInverted = words.startsWith("~");
  return CAPABILITIES.filter((name) => named.includes(name) === isInverted);
}
