import assert from "node:assert/strict";
import { mustRun, run } from "../lab/command.ts";
import { enroll, makeTestDirectory, on, PROGRAM } from "../lab/program.ts";
import { testWith } from "../lab/requirements.ts";

testWith(["root"], "pages that refer to each other hold up no command", async () => {
  await using directory = await makeTestDirectory();
  const { db, path } = directory;
  await enroll(db, "alice");
  await mustRun("python3", ["-c", TANGLE, db]);
  await mustRun("chown", ["-R", "daemon:daemon", path]);
  const { status, stderr } = await run("timeout", ["10", PROGRAM, ...on(db), "list"]);
  assert.equal(status, 1, stderr);
  assert.match(stderr, /corrupt/);
});

/** Makes a tree of 17 levels in which all 50 children of a page are the same page. */
const TANGLE = `
import sqlite3,struct,sys
p=sys.argv[1]; n=50; levels=17
c=sqlite3.connect(p)
one=lambda q: c.execute(q).fetchone()[0]
root=one("select rootpage from sqlite_schema where name='exemptions'")
size=one("pragma page_size"); count=one("pragma page_count"); c.close()
row=bytes([5,0x13,1,0,0])+b"abc\\x05"
def page(child):
    made=bytearray(size); at=size; places=[]; k=n if child else 1
    for i in range(k):
        cell=(struct.pack(">I",child) if child else b"")+bytes([len(row)])+row
        at-=len(cell); made[at:at+len(cell)]=cell; places.append(at)
    made[0:8]=struct.pack(">BHHHB",2 if child else 10,0,k,at,0)
    head=12 if child else 8
    if child: made[8:12]=struct.pack(">I",child)
    for i,place in enumerate(places): made[head+2*i:head+2*i+2]=struct.pack(">H",place)
    return made
f=open(p,"r+b")
f.seek((root-1)*size); f.write(page(count+1))
for level in range(levels): f.write(b"") or (f.seek((count+level)*size), f.write(page(count+level+2 if level<levels-1 else 0)))
f.seek(28); f.write(struct.pack(">I",count+levels)); f.seek(24); version=f.read(4); f.seek(92); f.write(version)
`;
