#!/usr/bin/python3
"""Times the hash of an account's password alone, as pam_unix makes it: crypt(3) with the account's
own settings. Prints the milliseconds of each of 21 runs; the account is the argument."""

import ctypes
import sys
import time

crypt = ctypes.CDLL("libcrypt.so.1").crypt
crypt.restype = ctypes.c_char_p

with open("/etc/shadow", "rb") as file:
    fields = [line.split(b":") for line in file]
setting = next(row[1] for row in fields if row[0] == sys.argv[1].encode())
for _ in range(21):
    start = time.perf_counter()
    crypt(b"wrong", setting)
    print((time.perf_counter() - start) * 1000)
