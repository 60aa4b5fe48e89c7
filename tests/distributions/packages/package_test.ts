import { makeDeb } from "../../../scripts/release/deb.ts";
import { mustRun } from "../../lab/command.ts";
import { liveThrough } from "../../lab/package_life.ts";
import { packingOf, VERSIONS } from "../../lab/packages.ts";
import { makeTestDirectory, PROGRAM } from "../../lab/program.ts";
import { testWith } from "../../lab/requirements.ts";

// The root that this test runs in is a copy, which is gone afterwards.
testWith(
  ["root", "dpkg"],
  "the Debian package installs, upgrades, is removed and purged in a whole system",
  async () => {
    await using place = await makeTestDirectory();
    const paths = [];
    for (const version of VERSIONS) {
      const directory = `${place.path}/${version}`;
      await Deno.mkdir(directory);
      await makeDeb(packingOf(version, PROGRAM), directory, `${directory}.deb`);
      await Deno.remove(directory, { recursive: true });
      paths.push(`${directory}.deb`);
    }
    const [older = "", newer = ""] = paths;
    await liveThrough({
      ...{ root: "/", older, newer },
      dpkg: (...args) => mustRun("dpkg", args),
      program: (...args) => mustRun("openvpn-totp", args),
    });
  },
);
