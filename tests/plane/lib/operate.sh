# What can be done with a running plane: look at it, end it, set a metric or the traffic, take its API server or its
# Prometheus away for a while.
# Never changes what is in the cluster. Sourced by ../plane.
# shellcheck shell=bash

# Clients before servers: a component that loses its API server only fills its log.
readonly PLANE_STOP_ORDER="rollouts-controller kwok kube-scheduler kube-controller-manager pod-logs metrics-stub prometheus traffic proxy"

end_all() {
  local dir=$1 name pid
  # All clients at once, then wait for each: in turn they would take several seconds.
  for name in $PLANE_STOP_ORDER watchdog; do
    pid=$(pid_of "$dir" "$name")
    [[ -z $pid || $pid == "$$" ]] || ! is_ours "$dir" "$pid" || kill -TERM "$pid" 2>/dev/null || true
  done
  for name in $PLANE_STOP_ORDER watchdog; do stop "$dir" "$name" 3; done
  # Its data is about to be thrown away: no need to wait for open watches.
  stop "$dir" kube-apiserver 2
  stop "$dir" etcd 3
}

plane_down() {
  local dir
  dir=$(existing_plane "${1:-}")
  end_all "$dir"
  if in_cache "$dir"; then rm -rf "$dir"; fi
  say "down: $dir"
}

plane_status() {
  local dir name pid missing=0
  enter_plane "${1:-}"
  printf '%-24s %s\n' directory "$dir" api "$PLANE_API_URL" metrics "$PLANE_METRICS_URL" prometheus-url "$PLANE_PROMETHEUS_URL" traffic-url "$PLANE_TRAFFIC_URL" crd "$PLANE_CRD"
  for name in etcd kube-apiserver kube-controller-manager kube-scheduler kwok rollouts-controller metrics-stub pod-logs \
    prometheus traffic proxy watchdog; do
    pid=$(pid_of "$dir" "$name")
    if [[ -z $pid && $name == rollouts-controller && $PLANE_CRD == no ]]; then
      printf '%-24s %s\n' "$name" "not wanted (--no-crd)"
    elif [[ -z $pid ]] || ! is_ours "$dir" "$pid"; then
      printf '%-24s %s\n' "$name" "NOT RUNNING"
      missing=1
    else
      printf '%-24s %s %s kB\n' "$name" "pid $pid $(process_state "$pid")" "$(awk '/^VmRSS/ { print $2 }' "/proc/$pid/status")"
    fi
  done
  return "$missing"
}

process_state() {
  case $(awk '/^State/ { print $2 }' "/proc/$1/status") in
    T) printf 'FROZEN' ;;
    *) printf 'running' ;;
  esac
}

plane_logs() {
  local dir
  dir=$(existing_plane "${1:-}")
  if [[ -n ${2:-} ]]; then tail -n 50 "$dir/logs/$2.log"; else tail -n 15 "$dir"/logs/*.log; fi
}

plane_env() {
  local dir
  dir=$(existing_plane "${1:-}")
  cat "$dir/env"
}

plane_kubectl() {
  local dir
  (($# > 1)) || die "usage: plane kubectl DIR ARGUMENT..." 2
  enter_plane "$1"
  exec "$PLANE_BIN/kubectl" "${@:2}"
}

# python3 instead of curl: it is needed for the stub anyway.
plane_metric() {
  local dir
  (($# == 3)) || die "usage: plane metric DIR NAME number|nan|inf|empty|error|slow|unset" 2
  enter_plane "$1"
  python3 "$PLANE_HOME/metrics_stub.py" --set "$PLANE_METRICS_URL" "$2" "$3" || die "the metrics stub refused $2=$3"
}

plane_traffic() {
  local dir
  (($# == 3)) || die "usage: plane traffic DIR KEY number|unset (keys: traffic.py --help)" 2
  enter_plane "$1"
  python3 "$PLANE_HOME/traffic.py" --set "$PLANE_TRAFFIC_URL" "$2" "$3" || die "the traffic was not told $2=$3"
}

plane_stop_prometheus() {
  local dir
  dir=$(existing_plane "${1:?usage: plane stop-prometheus DIR}")
  running "$dir" prometheus || die "Prometheus is not running"
  stop "$dir" prometheus
  say "Prometheus stopped"
}

plane_start_prometheus() {
  local dir begin
  dir=$(existing_plane "${1:?usage: plane start-prometheus DIR}")
  ! running "$dir" prometheus || die "Prometheus is already running"
  # shellcheck source=/dev/null
  source "$dir/env"
  begin=$(now_ms)
  restart "$dir" prometheus
  wait_component "$dir" prometheus 60 http_ready "${PLANE_PROMETHEUS_URL##*:}"
  say "Prometheus back after $(seconds $(($(now_ms) - begin))) s"
}

plane_stop_api() {
  local dir
  dir=$(existing_plane "${1:?usage: plane stop-api DIR}")
  running "$dir" kube-apiserver || die "the API server is not running"
  # It would wait for open watches for a minute: what it was told before is in etcd, so two seconds do.
  stop "$dir" kube-apiserver 2
  say "API server stopped"
}

plane_start_api() {
  local dir begin
  dir=$(existing_plane "${1:?usage: plane start-api DIR}")
  ! running "$dir" kube-apiserver || die "the API server is already running"
  # shellcheck source=/dev/null
  source "$dir/env"
  begin=$(now_ms)
  restart "$dir" kube-apiserver
  wait_component "$dir" kube-apiserver 60 api_ready "$dir"
  say "API server back after $(seconds $(($(now_ms) - begin))) s"
}

signal_api() {
  local dir=$1 signal=$2
  running "$dir" kube-apiserver || die "the API server is not running"
  kill "-$signal" "$(pid_of "$dir" kube-apiserver)"
}

plane_freeze_api() {
  local dir
  dir=$(existing_plane "${1:?usage: plane freeze-api DIR}")
  signal_api "$dir" STOP
  say "API server frozen (connections stay open)"
}

plane_thaw_api() {
  local dir
  dir=$(existing_plane "${1:?usage: plane thaw-api DIR}")
  signal_api "$dir" CONT
  say "API server thawed"
}
