#include "cli/streams.h"

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <ctime>

#include "base/error.h"

namespace whichfirst::cli {
namespace {

/// Writes to stderr and says that all is well. A SIGPIPE for it is taken back before anybody sees
/// it; one for stdout still ends the program, as `| head` expects.
ssize_t write_or_drop(void*, const char* bytes, std::size_t count) {
  sigset_t pipe;
  sigset_t before;
  sigset_t pending;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  sigpending(&pending);
  pthread_sigmask(SIG_BLOCK, &pipe, &before);
  for (std::size_t done = 0; done < count;) {
    const ssize_t written = ::write(STDERR_FILENO, bytes + done, count - done);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      const timespec at_once{};
      if (errno == EPIPE && !sigismember(&pending, SIGPIPE)) {
        sigtimedwait(&pipe, nullptr, &at_once);
      }
      break;
    }
    done += static_cast<std::size_t>(written);
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return static_cast<ssize_t>(count);
}

}  // namespace

void secure_streams() {
  // A closed stdout is opened for reading: a document that is written to it is an error.
  for (int number = STDIN_FILENO; number <= STDERR_FILENO; ++number) {
    if (::fcntl(number, F_GETFD) < 0) {
      ::open("/dev/null", number == STDERR_FILENO ? O_WRONLY : O_RDONLY);
    }
  }
  std::signal(SIGXFSZ, SIG_IGN);
  // glibc lets stderr be another stream, so that no line of the program needs to know of this.
  if (FILE* const forgiving = ::fopencookie(
          nullptr, "w",
          {.read = nullptr, .write = write_or_drop, .seek = nullptr, .close = nullptr})) {
    std::setvbuf(forgiving, nullptr, _IOLBF, BUFSIZ);
    stderr = forgiving;
  }
}

void finish_stdout() {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return;
  throw Error("stdout: not everything could be written ({}); what arrived is incomplete",
              std::strerror(errno));
}

}  // namespace whichfirst::cli
