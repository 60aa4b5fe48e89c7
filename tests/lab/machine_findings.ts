import type { FindingId } from "../../src/server_setup/doctor/finding_ids.ts";

/**
 * What doctor finds out about the machine that the tests run on, not about the server that a test sets
 * up: its clock, who may write where the program was built, and what confines its OpenVPN.
 */
export const MACHINE_FINDINGS: readonly FindingId[] = [
  "clock",
  "program_file",
  "apparmor",
  "selinux",
];
