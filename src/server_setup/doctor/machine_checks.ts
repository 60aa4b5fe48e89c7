import { counted } from "../../text/counted.ts";
import { type Finding, type FindingId, ok, problem, warning } from "./finding.ts";
import type { DatabaseState, SetUp } from "./set_up.ts";

/** Years in which this program can run: a clock outside of them is wrong. */
const YEARS = { first: 2025, last: 2100 };

/** Database, key file, PAM and the clock. */
export function checkMachine(setUp: SetUp): Finding[] {
  return [
    ...(setUp.database === null ? [] : checkDatabase(setUp.database, setUp.settings.tokenDbPath)),
    ...checkPam(setUp),
    checkClock(setUp.clock),
  ];
}

function checkDatabase(found: DatabaseState, path: string): Finding[] {
  switch (found.state) {
    case "missing":
      return [problem(
        "database",
        `there is no database at ${path}`,
        "nobody is enrolled yet, or totpTokenDbPath isn't where you enrolled",
        { command: "openvpn-totp enroll USER" },
      )];
    case "failed":
      return [problem("database", found.message, "every login is refused")];
    case "older":
      return [warning(
        "database",
        `${path} has schema version ${found.version}, this program makes it ${found.known}`,
        "the next login does, and an older program can't read it any more; nothing else was tried",
        { command: "openvpn-totp list" },
      )];
    case "open":
      return [
        ok(
          "database",
          `${path} opens, ${counted(found.users, "user")} enrolled`,
        ),
        checkWrite(found.writeTrouble),
        checkSecrets(found),
      ];
  }
}

function checkWrite(trouble: string | null): Finding {
  return trouble === null
    ? ok("database_write", "a write was tried and taken back")
    : problem("database_write", trouble, "every login is refused");
}

function checkSecrets(
  { closed, users: count }: DatabaseState & { state: "open" },
): Finding {
  if (closed !== null) {
    return problem(
      "secrets",
      closed.message,
      `${counted(closed.count, "user")} can't log in`,
    );
  }
  return count === 0
    ? warning("secrets", "nobody is enrolled", "nobody can log in", {
      command: "openvpn-totp enroll USER",
    })
    : ok("secrets", `every secret opens and gives a code`);
}

function checkPam({ pam }: SetUp): Finding[] {
  if (pam === null) return [];
  const tell = (id: FindingId, trouble: string | null, well: string) =>
    trouble === null ? ok(id, well) : problem(id, trouble, "no password can be checked");
  const service = pam.service ?? "";
  const file = tell(
    "pam_service",
    pam.serviceTrouble,
    `PAM service ${service} has a file`,
  );
  if (pam.service === null) return [file];
  return [
    file,
    tell("pam_start", pam.startTrouble, `libpam begins with ${service}`),
  ];
}

function checkClock({ year, isSynchronised }: SetUp["clock"]): Finding {
  const command = "timedatectl set-ntp true";
  if (year < YEARS.first || year > YEARS.last) {
    return problem(
      "clock",
      `the clock says that it is the year ${year}`,
      "no code is right",
      { command },
    );
  }
  return isSynchronised === false
    ? warning(
      "clock",
      "the clock isn't synchronised",
      "a minute off, and no code is right",
      { command },
    )
    : ok(
      "clock",
      isSynchronised === null
        ? `it is ${year}; whether the clock is synchronised isn't known`
        : "the clock is synchronised",
    );
}
