import { tryPackagesIn } from "../../lab/packages.ts";
import { testWith } from "../../lab/requirements.ts";

// The root that these tests run in is a copy, which is gone afterwards.
testWith(
  ["root", "dpkg"],
  "the Debian package installs, upgrades, is removed and purged in a whole system",
  () => tryPackagesIn("/"),
);
