/** Functions of the C library on files and streams, for where Deno's own do not do. */
export const FILE_FUNCTIONS = {
  // The mode, a third parameter, counts only for a file that is made.
  open: {
    parameters: [
      "buffer", // const char *pathname
      "i32", // int flags
    ],
    result: "i32", // int
  },
  read: {
    parameters: [
      "i32", // int fd
      "buffer", // void *buf
      "usize", // size_t count
    ],
    result: "isize", // ssize_t
  },
  close: {
    parameters: [
      "i32", // int fd
    ],
    result: "i32", // int
  },
} as const satisfies Deno.ForeignLibraryInterface;
