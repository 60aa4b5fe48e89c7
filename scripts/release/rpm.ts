import { descriptionLines, NAME, OLDEST_GLIBC, OLDEST_OPENVPN, SUMMARY } from "./about.ts";
import { packagedFiles, RPM } from "./contents.ts";
import { RPM_POST, RPM_POSTUN } from "./maintainer_scripts.ts";
import { layOut, type PackagedFile } from "./packaged_file.ts";
import type { Packing } from "./packing.ts";
import { runTool } from "./run_tool.ts";
import type { Contents } from "./sbom.ts";

/**
 * Makes the package for distributions with rpm.
 *
 * @param directory an empty one
 * @param output the package's path
 */
export async function makeRpm(packing: Packing, directory: string, output: string): Promise<void> {
  const { contents, program, names } = packing;
  const files = packagedFiles(program, contents, RPM);
  const tree = `${directory}/tree`;
  await Deno.mkdir(tree);
  await layOut(tree, files, contents.date);
  await Deno.writeTextFile(`${directory}/${NAME}.spec`, spec(packing, files));
  const macros = Object.entries({
    _topdir: `${directory}/build`,
    _rpmdir: `${directory}/out`,
    _tmppath: directory,
    // rpmbuild would otherwise write this machine's name and the present time into the package.
    _buildhost: "localhost",
    use_source_date_epoch_as_buildtime: "1",
    clamp_mtime_to_source_date_epoch: "1",
    source_date_epoch_from_changelog: "0",
    _binary_payload: `w${packing.compression}.zstdio`,
    // Stripped of what is behind its ELF image, the program would be an empty runtime.
    __os_install_post: "%{nil}",
    debug_package: "%{nil}",
    _build_id_links: "none",
    // A user's own settings would change the package.
    _unique_build_ids: "0",
  }).flatMap(([name, value]) => ["--define", `${name} ${value}`]);
  await runTool("rpmbuild", [
    ...["-bb", "--quiet", "--target", `${names.rpm.architecture}-linux`],
    ...[...macros, `${directory}/${NAME}.spec`],
  ], { SOURCE_DATE_EPOCH: `${contents.date}`, HOME: directory, TREE: tree });
  const built = `${directory}/out/${names.rpm.architecture}/${names.rpm.file}`;
  await Deno.rename(built, output);
}

function spec({ contents, names, maintainer }: Packing, files: readonly PackagedFile[]): string {
  const { version, release } = names.rpm;
  return `Name: ${NAME}
Version: ${version}
Release: ${release}
Summary: ${SUMMARY[0]!.toUpperCase()}${SUMMARY.slice(1)}
License: ${licenses(contents)}
Group: System Environment/Daemons
Packager: ${maintainer}
AutoReqProv: no
Requires: glibc >= ${OLDEST_GLIBC}
Requires: libgcc
Requires: pam
Recommends: openvpn >= ${OLDEST_OPENVPN}

%description
${descriptionLines().join("\n")}

%install
cp -a "$TREE/." "%{buildroot}"

%post
${RPM_POST}

%postun
${RPM_POSTUN}

%files
${[...directoriesOf(files), ...files.map(fileLine)].join("\n")}

%changelog
* ${changelogDay(contents.date)} ${maintainer} - ${version}-${release}
- Version ${names.version}: see CHANGELOG.md among the documents.
`;
}

/** The project's, the packages', and those of the runtime's two parts that are named. */
function licenses({ components }: Contents): string {
  const all = ["MIT", ...components.map(({ license }) => license), "BSD-3-Clause", "blessing"];
  return [...new Set(all)].join(" AND ");
}

/** Directories that belong to this package alone. */
function directoriesOf(files: readonly PackagedFile[]): string[] {
  const own = files.flatMap(({ path }) => {
    const parts = path.split("/");
    const at = parts.indexOf(NAME);
    return at < 0 ? [] : parts.slice(at + 1, -1).reduce(
      (all, part) => [...all, `${all.at(-1)}/${part}`],
      at === parts.length - 1 ? [] : [parts.slice(0, at + 1).join("/")],
    );
  });
  return [...new Set(own)].sort().map((path) => `%dir %attr(0755, root, root) ${path}`);
}

function fileLine({ path, mode = 0o644, isConfiguration }: PackagedFile): string {
  const kind = isConfiguration
    ? "%config(noreplace) "
    : path.startsWith(`${RPM.documents}/`)
    ? "%doc "
    : path.startsWith(`${RPM.licenses}/`)
    ? "%license "
    : "";
  return `${kind}%attr(${mode.toString(8).padStart(4, "0")}, root, root) ${path}`;
}

/** `Wed Jan 01 2025`. */
function changelogDay(date: number): string {
  const [weekday, day, month, year] = new Date(date * 1000).toUTCString().split(/,? /);
  return `${weekday} ${month} ${day} ${year}`;
}
