#!/usr/bin/python3
"""The script that the program is measured against. It answers the same two calls, written as an
administrator would write it: with pyotp, sqlite3, and libpam through ctypes."""

import base64
import ctypes
import os
import sqlite3
import sys
import time

import pyotp

PAM_PROMPT_ECHO_OFF = 1


class Message(ctypes.Structure):
    _fields_ = [("style", ctypes.c_int), ("text", ctypes.c_char_p)]


class Response(ctypes.Structure):
    _fields_ = [("text", ctypes.c_void_p), ("code", ctypes.c_int)]


CONVERSE = ctypes.CFUNCTYPE(
    ctypes.c_int,
    ctypes.c_int,
    ctypes.POINTER(ctypes.POINTER(Message)),
    ctypes.POINTER(ctypes.POINTER(Response)),
    ctypes.c_void_p,
)


class Conversation(ctypes.Structure):
    _fields_ = [("function", CONVERSE), ("data", ctypes.c_void_p)]


def pam_authenticate(username, password):
    service = os.environ.get("totpPamService", "login")
    libc = ctypes.CDLL("libc.so.6")
    libpam = ctypes.CDLL("libpam.so.0")
    libc.calloc.restype = ctypes.c_void_p
    libc.calloc.argtypes = [ctypes.c_size_t, ctypes.c_size_t]
    libc.strdup.restype = ctypes.c_void_p
    libc.strdup.argtypes = [ctypes.c_char_p]
    for function in (libpam.pam_authenticate, libpam.pam_acct_mgmt, libpam.pam_end):
        function.argtypes = [ctypes.c_void_p, ctypes.c_int]

    @CONVERSE
    def converse(count, messages, responses, _):
        array = libc.calloc(count, ctypes.sizeof(Response))
        responses[0] = ctypes.cast(array, ctypes.POINTER(Response))
        for i in range(count):
            if messages[i].contents.style == PAM_PROMPT_ECHO_OFF:
                responses[0][i].text = libc.strdup(password.encode())
        return 0

    handle = ctypes.c_void_p()
    conversation = Conversation(converse, None)
    if libpam.pam_start(
        service.encode(), username.encode(), ctypes.byref(conversation), ctypes.byref(handle)
    ):
        return False
    result = libpam.pam_authenticate(handle, 0) or libpam.pam_acct_mgmt(handle, 0)
    libpam.pam_end(handle, result)
    return result == 0


def open_database():
    database = sqlite3.connect(os.environ["totpTokenDbPath"], isolation_level=None)
    database.execute(
        "CREATE TABLE IF NOT EXISTS tokens (username TEXT PRIMARY KEY, secret TEXT, step INTEGER)"
    )
    database.execute(
        "CREATE TABLE IF NOT EXISTS pending (control TEXT PRIMARY KEY, username TEXT, until REAL)"
    )
    return database


def verify_password(path):
    with open(path) as file:
        username, password = file.read().splitlines()[:2]
    if not pam_authenticate(username, password):
        return 1
    database = open_database()
    if not database.execute("SELECT 1 FROM tokens WHERE username = ?", (username,)).fetchone():
        return 1
    database.execute(
        "INSERT INTO pending VALUES (?, ?, ?)",
        (os.environ["auth_control_file"], username, time.time() + 300),
    )
    with open(os.environ["auth_pending_file"], "w") as file:
        file.write("300\ncrtext\nCR_TEXT:R,E:Please enter your TOTP code\n")
    return 2


def verify_code(path):
    with open(path) as file:
        code = base64.b64decode(file.read()).decode()
    control = os.environ["auth_control_file"]
    database = open_database()
    database.execute("BEGIN IMMEDIATE")
    row = database.execute(
        "SELECT username, secret, step FROM pending JOIN tokens USING (username) "
        "WHERE control = ? AND until > ?",
        (control, time.time()),
    ).fetchone()
    database.execute("DELETE FROM pending WHERE control = ?", (control,))
    verdict = "0"
    if row:
        username, secret, last = row
        totp, now = pyotp.TOTP(secret), int(time.time())
        for step in (now // 30 - 1, now // 30, now // 30 + 1):
            if step > (last or 0) and pyotp.utils.strings_equal(code, totp.generate_otp(step)):
                database.execute("UPDATE tokens SET step = ? WHERE username = ?", (step, username))
                verdict = "1"
                break
    database.execute("COMMIT")
    with open(control, "w") as file:
        file.write(verdict)
    return 0 if verdict == "1" else 1


if __name__ == "__main__":
    if os.environ.get("script_type") == "user-pass-verify":
        sys.exit(verify_password(sys.argv[-1]))
    sys.exit(verify_code(sys.argv[-1]))
