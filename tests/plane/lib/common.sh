# Words that every other file of the plane uses: messages, required tools, directories, waiting.
# Never starts or ends anything. Sourced by ../plane.
# shellcheck shell=bash

say() { printf 'plane: %s\n' "$*" >&2; }

die() {
  printf 'plane: error: %s\n' "$1" >&2
  exit "${2:-1}"
}

require() {
  local tool missing=()
  for tool in "$@"; do
    command -v "$tool" >/dev/null || missing+=("$tool")
  done
  ((${#missing[@]} == 0)) || die "missing on this machine: ${missing[*]}"
}

# Milliseconds since the epoch: every duration printed here is a difference of two of these.
now_ms() { date +%s%3N; }

# "12.3" from 12345.
seconds() { printf '%d.%d' "$(($1 / 1000))" "$(($1 % 1000 / 100))"; }

# The directory of a plane: absolute, so that it can be found again in /proc/PID/cmdline.
plane_dir() { readlink -m -- "${1:-$PLANE_CACHE/run/default}"; }

# Fails unless DIR holds a plane.
existing_plane() {
  local dir
  dir=$(plane_dir "${1:-}")
  [[ -f $dir/.plane ]] || die "no plane in $dir (plane up $dir)"
  printf '%s' "$dir"
}

# Sets the caller's `dir` to the plane in DIR and reads its environment.
enter_plane() {
  dir=$(existing_plane "$1")
  # shellcheck source=/dev/null
  source "$dir/env"
}

in_cache() { [[ $1 == "$(readlink -m -- "$PLANE_CACHE")"/* ]]; }

# wait_for SECONDS WHAT COMMAND...: polls, because none of the components tells when it is ready.
wait_for() {
  local limit=$1 what=$2 end
  shift 2
  end=$(($(now_ms) + limit * 1000))
  until "$@" >/dev/null 2>&1; do
    (($(now_ms) < end)) || die "$what: not ready after $limit s (plane logs)"
    sleep 0.1
  done
}

# free_ports COUNT: random ports below the range that the kernel gives to outgoing connections. What was handed out in the
# last two minutes is remembered in the cache: planes that start at the same time must not meet before they have bound.
free_ports() {
  python3 - "$1" "$PLANE_CACHE/ports" <<'PY'
import fcntl, random, socket, sys, time

count, path = int(sys.argv[1]), sys.argv[2]
with open(path, "a+") as book:
    fcntl.flock(book, fcntl.LOCK_EX)
    book.seek(0)
    now = time.time()
    taken = {int(port): float(when) for port, when in map(str.split, book) if now - float(when) < 120}
    ports = []
    while len(ports) < count:
        port = random.randrange(20000, 32000)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        if port not in taken:
            taken[port] = now
            ports.append(port)
    book.truncate(0)
    book.writelines(f"{port} {when}\n" for port, when in taken.items())
print(*ports)
PY
}
