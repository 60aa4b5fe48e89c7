/*
 * Runs OpenVPN's auth-pam plugin as OpenVPN does, without an OpenVPN.
 *
 * Usage: plugin_host PLUGIN SERVICE DIRECTORY deferred|waiting
 *
 * Each line of standard input is a login: its number, the username and the password, with tabs in
 * between. For each, a line "NUMBER 1" or "NUMBER 0" follows once the plugin has decided. DIRECTORY
 * has the files in which the plugin leaves the result of a deferred login; they are looked at every
 * millisecond.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <openvpn/openvpn-plugin.h>

#define MOST 1024

typedef int (*open_v3)(int, struct openvpn_plugin_args_open_in const *,
                       struct openvpn_plugin_args_open_return *);
typedef int (*func_v1)(openvpn_plugin_handle_t, int, const char *[], const char *[]);
typedef void (*close_v1)(openvpn_plugin_handle_t);

static func_v1 verify;
static close_v1 end;
static openvpn_plugin_handle_t handle;
static const char *directory;
static int is_deferred;
static long waiting[MOST];
static int waiting_count;

static void quiet(openvpn_plugin_log_flags_t flags, const char *name, const char *format, ...) {}

static void quiet_list(openvpn_plugin_log_flags_t flags, const char *name, const char *format,
                       va_list list) {}

static void wipe(void *data, size_t size) { memset(data, 0, size); }

static int encode(const void *data, int size, char **text) { return -1; }

static int decode(const char *text, void *data, int size) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  unsigned char *out = data;
  unsigned bits = 0;
  int held = 0, length = 0;
  for (const char *digit; *text && *text != '='; text++) {
    if (!(digit = strchr(digits, *text))) return -1;
    bits = bits << 6 | (unsigned)(digit - digits);
    held += 6;
    if (held < 8) continue;
    held -= 8;
    if (length == size) return -1;
    out[length++] = bits >> held & 255;
  }
  return length;
}

static void control_path(char *path, size_t size, long number) {
  snprintf(path, size, "%s/acf%ld", directory, number);
}

static void begin(char *line) {
  char *rest, *username, *password, path[512], env[4][2048];
  const char *argv[] = {"plugin", NULL};
  const char *envp[5] = {env[0], env[1], env[2], NULL, NULL};
  long number = strtol(line, &rest, 10);
  username = strtok(rest, "\t");
  password = strtok(NULL, "\t\n");
  control_path(path, sizeof path, number);
  close(open(path, O_CREAT | O_WRONLY | O_TRUNC, 0600));
  snprintf(env[0], sizeof env[0], "username=%s", username);
  snprintf(env[1], sizeof env[1], "password=%s", password);
  snprintf(env[2], sizeof env[2], "auth_control_file=%s", path);
  if (is_deferred) envp[3] = "deferred_auth_pam=1";
  int result = verify(handle, OPENVPN_PLUGIN_AUTH_USER_PASS_VERIFY, argv, envp);
  if (result == OPENVPN_PLUGIN_FUNC_DEFERRED && waiting_count < MOST) {
    waiting[waiting_count++] = number;
    return;
  }
  printf("%ld %d\n", number, result == OPENVPN_PLUGIN_FUNC_SUCCESS);
  unlink(path);
}

static void look(void) {
  for (int i = 0; i < waiting_count;) {
    char path[512], verdict = 0;
    control_path(path, sizeof path, waiting[i]);
    int file = open(path, O_RDONLY);
    int is_decided = file >= 0 && read(file, &verdict, 1) == 1;
    if (file >= 0) close(file);
    if (!is_decided) {
      i++;
      continue;
    }
    printf("%ld %c\n", waiting[i], verdict);
    unlink(path);
    waiting[i] = waiting[--waiting_count];
  }
}

static void load(const char *plugin, const char *service) {
  void *library = dlopen(plugin, RTLD_NOW);
  if (!library) {
    fprintf(stderr, "%s\n", dlerror());
    exit(1);
  }
  const char *argv[] = {plugin,  service,    "login",        "USERNAME", "Password",
                        "PASSWORD", "Verification", "OTP", NULL};
  const char *envp[] = {"verb=0", NULL};
  struct openvpn_plugin_callbacks callbacks = {quiet, quiet_list, wipe, encode, decode};
  struct openvpn_plugin_args_open_in in = {
      1 << OPENVPN_PLUGIN_AUTH_USER_PASS_VERIFY, argv, envp, &callbacks, SSLAPI_OPENSSL,
      "2.6.14", 2, 6, ".14"};
  struct openvpn_plugin_args_open_return out = {0, NULL, NULL};
  open_v3 start = (open_v3)dlsym(library, "openvpn_plugin_open_v3");
  verify = (func_v1)dlsym(library, "openvpn_plugin_func_v1");
  end = (close_v1)dlsym(library, "openvpn_plugin_close_v1");
  if (!start || !verify || !end) exit(1);
  if (start(OPENVPN_PLUGINv3_STRUCTVER, &in, &out) != OPENVPN_PLUGIN_FUNC_SUCCESS) exit(1);
  handle = out.handle;
}

int main(int argc, char **argv) {
  if (argc != 5) return 2;
  directory = argv[3];
  is_deferred = !strcmp(argv[4], "deferred");
  setvbuf(stdout, NULL, _IOLBF, 0);
  setvbuf(stdin, NULL, _IONBF, 0);
  load(argv[1], argv[2]);
  char line[4096];
  struct pollfd input = {0, POLLIN, 0};
  for (;;) {
    look();
    if (poll(&input, 1, waiting_count ? 1 : -1) <= 0) continue;
    if (!fgets(line, sizeof line, stdin)) break;
    begin(line);
  }
  /* It ends the plugin's own process, which nothing else does. */
  end(handle);
  return 0;
}
