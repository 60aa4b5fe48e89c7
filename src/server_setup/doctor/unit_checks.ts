import { isOn, lastOf, listOf, type Unit } from "../systemd/unit_file.ts";
import { type Finding, ok, problemInUnit, warning } from "./finding.ts";
import type { SetUp } from "./set_up.ts";
import { checkUnitPaths } from "./unit_paths.ts";

/** OpenVPN's one thread and the program's three. */
const LEAST_TASKS = 4;

/** Below this in bytes, the runtime can't reserve its address space. */
const LEAST_ADDRESS_SPACE = 64 * 2 ** 30;

/** In OpenVPN's own unit, for its plugin's PAM as for ours. */
const CAPABILITIES = ["CAP_DAC_OVERRIDE", "CAP_AUDIT_WRITE"];

/** The limits of the systemd unit. */
export function checkUnit(setUp: SetUp): Finding[] {
  const { unit } = setUp;
  if (unit === null) {
    return [
      ok("unit", "no systemd unit is known for this configuration's place"),
    ];
  }
  return [
    ok("unit", `${unit.name} starts OpenVPN`),
    checkTasks(unit, setUp),
    checkMemory(unit),
    ...checkCapabilities(unit, setUp),
    checkUnitPaths(unit, setUp),
  ];
}

function checkTasks(unit: Unit, { user }: SetUp): Finding {
  // LimitNPROC counts all of a user's threads, root exempt; TasksMax the unit's (systemd.resource-control(5)).
  const keys = ["TasksMax", ...(user.uid === 0 ? [] : ["LimitNPROC"])];
  for (const key of keys) {
    const limit = lastOf(unit, key);
    const number = /^\d+$/.test(limit?.value ?? "") ? Number(limit!.value) : Infinity;
    if (number >= LEAST_TASKS) continue;
    return problemInUnit(
      "unit_tasks",
      limit!,
      `OpenVPN takes one, the program up to three: without them it aborts`,
      `${key}=20`,
    );
  }
  return ok("unit_tasks", "the unit's limit of tasks leaves room");
}

function checkMemory(unit: Unit): Finding {
  const rule = lastOf(unit, "MemoryDenyWriteExecute");
  if (rule !== null && isOn(unit, "MemoryDenyWriteExecute")) {
    return problemInUnit(
      "unit_memory",
      rule,
      "the program's runtime compiles as it runs, and crashes",
      "MemoryDenyWriteExecute=no",
    );
  }
  const limit = lastOf(unit, "LimitAS");
  return limit !== null && bytesOf(limit.value) < LEAST_ADDRESS_SPACE
    ? problemInUnit(
      "unit_memory",
      limit,
      "the program's runtime reserves much more address space, and crashes",
      "LimitAS=infinity",
    )
    : ok("unit_memory", "the unit's memory rules let the program start");
}

function bytesOf(value: string): number {
  const [, digits, unit = ""] = value.match(/^(\d+)([KMGTPE]?)$/) ?? [];
  if (digits === undefined) return Infinity;
  return Number(digits) * 1024 ** " KMGTPE".indexOf(unit || " ");
}

function checkCapabilities(unit: Unit, { settings }: SetUp): Finding[] {
  const sets = listOf(unit, "CapabilityBoundingSet");
  const at = sets.at(-1);
  if (at === undefined || settings?.primaryAuth !== "pam") return [];
  const words = sets.map(({ value }) => value).join(" ");
  const absent = CAPABILITIES.filter((name) => {
    const isNamed = words.split(/\s+/).some((word) => word.replace(/^~/, "") === name);
    return words.startsWith("~") ? isNamed : !isNamed;
  });
  if (absent.length === 0) {
    return [ok("unit_capabilities", "the unit leaves PAM its capabilities")];
  }
  return [{
    ...warning(
      "unit_capabilities",
      `the unit takes ${absent.join(" and ")} away`,
      "OpenVPN's own unit leaves them, and PAM's modules may need them",
      { line: `CapabilityBoundingSet=${absent.join(" ")}` },
    ),
    at: `${at.file}:${at.line}`,
  }];
}
