import { SUMMARY } from "./about.ts";
import type { Component } from "./components.ts";
import { read } from "./documents.ts";
import type { Contents } from "./sbom.ts";

/** Standard texts of licences that some packages name but do not bring. */
const STANDARD_TEXTS: Record<string, string> = {
  ISC: `Permission to use, copy, modify, and/or distribute this software for any purpose with or
without fee is hereby granted, provided that the above copyright notice and this permission
notice appear in all copies.

THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES WITH REGARD TO THIS
SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE
AUTHOR BE LIABLE FOR ANY SPECIAL, DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES
WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN ACTION OF CONTRACT,
NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF OR IN CONNECTION WITH THE USE OR PERFORMANCE
OF THIS SOFTWARE.`,
  Unlicense: `This is free and unencumbered software released into the public domain.

Anyone is free to copy, modify, publish, use, compile, sell, or distribute this software, either
in source code form or as a compiled binary, for any purpose, commercial or non-commercial, and
by any means.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT
NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND
NONINFRINGEMENT. For more information, please refer to the Unlicense, https://unlicense.org.`,
};

/** What the base binary is built from; each has a licence of its own. */
const RUNTIME =
  `The program is a copy of Deno's runtime (denort) with the files above appended. The runtime is:

 Deno: Copyright the Deno authors. MIT licence, with the text above.
 V8: Copyright the V8 project authors. BSD-3-Clause.
 SQLite: in the public domain.

It also contains the libraries that Deno is built from (ICU, AWS-LC, zlib and others, and libraries
in Rust), under the licences that their projects and Deno's sources name. The text of V8's licence:

${
    quoted(`Redistribution and use in source and binary forms, with or without modification, are
permitted provided that the following conditions are met:

 * Redistributions of source code must retain the above copyright notice, this list of conditions
   and the following disclaimer.
 * Redistributions in binary form must reproduce the above copyright notice, this list of
   conditions and the following disclaimer in the documentation and/or other materials provided
   with the distribution.
 * Neither the name of Google Inc. nor the names of its contributors may be used to endorse or
   promote products derived from this software without specific prior written permission.

THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS AND CONTRIBUTORS "AS IS" AND ANY EXPRESS OR
IMPLIED WARRANTIES, INCLUDING, BUT NOT LIMITED TO, THE IMPLIED WARRANTIES OF MERCHANTABILITY AND
FITNESS FOR A PARTICULAR PURPOSE ARE DISCLAIMED. IN NO EVENT SHALL THE COPYRIGHT OWNER OR
CONTRIBUTORS BE LIABLE FOR ANY DIRECT, INDIRECT, INCIDENTAL, SPECIAL, EXEMPLARY, OR CONSEQUENTIAL
DAMAGES (INCLUDING, BUT NOT LIMITED TO, PROCUREMENT OF SUBSTITUTE GOODS OR SERVICES; LOSS OF USE,
DATA, OR PROFITS; OR BUSINESS INTERRUPTION) HOWEVER CAUSED AND ON ANY THEORY OF LIABILITY,
WHETHER IN CONTRACT, STRICT LIABILITY, OR TORT (INCLUDING NEGLIGENCE OR OTHERWISE) ARISING IN ANY
WAY OUT OF THE USE OF THIS SOFTWARE, EVEN IF ADVISED OF THE POSSIBILITY OF SUCH DAMAGE.`)
  }`;

/** The notices of all that the program contains, for people. */
export function copyright({ components }: Contents): string {
  const license = new TextDecoder().decode(read("LICENSE")).trimEnd();
  return [
    `openvpn-totp: ${SUMMARY}`,
    `Everything that is not named below, openvpn-totp's own files among it, has this licence:\n\n${
      quoted(license)
    }`,
    ...components.map(notice),
    RUNTIME,
  ].join("\n\n") + "\n";
}

/** The notice of an npm package. */
function notice({ name, version, license, licenseText, author }: Component): string {
  const text = licenseText ?? STANDARD_TEXTS[license];
  if (text === undefined) {
    throw new Error(`${name} ${version} has no licence's text, and none of ${license} is known`);
  }
  const by = author === null ? "" : `, by ${author}`;
  return `The program contains the npm package ${name} ${version}${by}, under ${license}:\n\n${
    quoted(text.trim())
  }`;
}

/** Each line moved to the right. */
function quoted(text: string): string {
  return text.split("\n").map((line) => line.trimEnd() === "" ? "" : ` ${line.trimEnd()}`)
    .join("\n");
}
