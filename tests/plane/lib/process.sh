# Starting and ending the plane's processes, by name, recorded in DIR/pids and DIR/run.
# Never signals a process whose command line does not name this very plane. Sourced by ../plane.
# shellcheck shell=bash

# start DIR NAME COMMAND...: detached from the caller (own session, no inherited terminal or pipe), so that a test
# that reads our output does not wait for a component to close it.
start() {
  local dir=$1 name=$2
  shift 2
  printf '%q ' "$@" >"$dir/run/$name.cmd"
  restart "$dir" "$name"
}

# restart DIR NAME: the recorded command again, with the same ports and data.
restart() {
  local dir=$1 name=$2 pid command
  command=$(<"$dir/run/$name.cmd")
  # `exec` first: the recorded process id has to be the component's own, not a shell's around it.
  setsid bash -c "exec $command" </dev/null >>"$dir/logs/$name.log" 2>&1 &
  pid=$!
  disown "$pid"
  forget "$dir" "$name"
  printf '%s %s\n' "$name" "$pid" >>"$dir/pids"
}

forget() {
  local dir=$1 name=$2
  [[ -f $dir/pids ]] || return 0
  awk -v name="$name" '$1 != name' "$dir/pids" >"$dir/pids.new"
  mv "$dir/pids.new" "$dir/pids"
}

pid_of() { [[ -f $1/pids ]] && awk -v name="$2" '$1 == name { print $2 }' "$1/pids"; }

# A process id may have been given to somebody else since: ours names the plane's directory on its command line.
is_ours() {
  local dir=$1 pid=$2
  [[ -r /proc/$pid/cmdline ]] || return 1
  # A zombie has an empty command line: it has ended.
  tr '\0' '\n' <"/proc/$pid/cmdline" 2>/dev/null | grep -qF -- "$dir/"
}

running() {
  local pid
  pid=$(pid_of "$1" "$2")
  [[ -n $pid ]] && is_ours "$1" "$pid"
}

ready_or_dead() {
  local pid=$1
  shift
  "$@" || ! kill -0 "$pid" 2>/dev/null
}

# wait_component DIR NAME SECONDS COMMAND...: as wait_for, but gives up at once when the process has ended.
wait_component() {
  local dir=$1 name=$2 limit=$3 pid
  shift 3
  pid=$(pid_of "$dir" "$name")
  wait_for "$limit" "$name" ready_or_dead "$pid" "$@"
  kill -0 "$pid" 2>/dev/null || {
    tail -n 5 "$dir/logs/$name.log" >&2
    die "$name ended by itself: $dir/logs/$name.log"
  }
}

# stop DIR NAME [SECONDS]: SIGTERM, and SIGKILL when it has not ended in time.
stop() {
  local dir=$1 name=$2 limit=${3:-10} pid end
  pid=$(pid_of "$dir" "$name")
  if [[ -n $pid && $pid != "$$" ]] && is_ours "$dir" "$pid"; then
    kill -TERM "$pid" 2>/dev/null || true
    # A frozen process handles its SIGTERM only when it is thawed.
    kill -CONT "$pid" 2>/dev/null || true
    end=$(($(now_ms) + limit * 1000))
    while is_ours "$dir" "$pid"; do
      if (($(now_ms) > end)); then
        kill -KILL "$pid" 2>/dev/null || true
        end=$((end + 5000))
      fi
      sleep 0.05
    done
  fi
  forget "$dir" "$name"
}

# start_watchdog DIR SECONDS: nobody has to remember a plane whose test died.
start_watchdog() {
  local dir=$1 limit=$2
  # shellcheck disable=SC2016 # expanded by the watchdog itself
  start "$dir" watchdog bash -c 'sleep "$2" & trap "kill $!" TERM; wait $! && exec "$3" down "$1"' \
    plane-watchdog "$dir/" "$limit" "$PLANE_SELF"
}
