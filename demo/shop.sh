#!/usr/bin/env bash
#
# shop.sh: the demo shop on a real control plane: something to fly the cockpit over.
#
# It is: a thin script over tests/plane/plane and demo/shop/*.yaml. Releases are made by the user `operator`, so that the
# cockpit, which flies as `admin`, can be told from the pipeline in the audit log.
# It never: touches a cluster other than the plane that it started, nor your own kubeconfig.
# Called by: hand, and by the tests that need a running shop.
#
#   demo/shop.sh up                   start the plane (built on first use), apply the shop, wait until all is healthy
#   demo/shop.sh release NAME         a good new version           (checkout payments mailer storefront catalog search)
#   demo/shop.sh bad NAME [RATE]      a version whose error rate fails the analysis          (default 0.31)
#   demo/shop.sh crash NAME [FAULT]   a version whose pods fail: crash-loop (default), oom, image-pull, never-ready,
#                                     slow, late-crash
#   demo/shop.sh preview storefront   the same as release: a new blue-green version in preview
#   demo/shop.sh metric NAME VALUE    what the metrics say (plane help)
#   demo/shop.sh show                 one line for each workload
#   demo/shop.sh reset                everything anew, as after `up`
#   demo/shop.sh down                 end the plane
#
# Environment: SHOP_DIR  the plane's directory (default: in the cache)
#              SHOP_FOR  seconds after which the plane ends by itself (default 10800)

set -euo pipefail

HERE=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
PLANE=$HERE/../tests/plane/plane
SHOP_DIR=${SHOP_DIR:-${WAVEOFF_PLANE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/waveoff/plane}/run/shop}
readonly HERE PLANE SHOP_DIR

say() { printf 'shop: %s\n' "$*"; }

die() {
  printf 'shop: error: %s\n' "$1" >&2
  exit "${2:-1}"
}

# Only ever the kubeconfigs of our own plane.
enter() {
  local settings
  settings=$("$PLANE" env "$SHOP_DIR" 2>/dev/null) || die "the shop is closed (demo/shop.sh up)"
  eval "$settings"
}

as_admin() { "$PLANE_BIN/kubectl" --kubeconfig "$PLANE_KUBECONFIG_ADMIN" "$@"; }
as_operator() { "$PLANE_BIN/kubectl" --kubeconfig "$PLANE_KUBECONFIG_OPERATOR" "$@"; }

metric() { "$PLANE" metric "$SHOP_DIR" "$1" "$2"; }

# One stream: every file as a document of its own.
manifests() {
  local file
  for file in "$HERE"/shop/*.yaml; do
    printf -- '---\n'
    sed "s|\${PLANE_METRICS_URL}|$PLANE_METRICS_URL|g" "$file"
  done
}

apply_shop() {
  local service
  for service in checkout storefront catalog payments mailer search; do
    metric "error_rate/$service" 0.004
    metric "latency_p99_seconds/$service" 0.180
  done
  # Client-side apply: the controller owns the selectors of the Services, and server-side apply would refuse to share them.
  manifests | as_operator apply -f - >/dev/null
}

# What of the shop is not yet as it should be, one line for each workload; empty when all is well.
unhealthy() {
  local namespace
  for namespace in shop backoffice; do
    as_admin -n "$namespace" get rollouts -o 'jsonpath={range .items[*]}{.metadata.name} {.status.phase}{"\n"}{end}' |
      grep -v ' Healthy$' || true
    as_admin -n "$namespace" get deployments -l 'app!=mailer' \
      -o 'jsonpath={range .items[*]}{.metadata.name} {.spec.replicas}/{.status.availableReplicas}/{.status.updatedReplicas}{"\n"}{end}' |
      awk '{ split($2, n, "/"); if (n[1] != n[2] || n[1] != n[3]) print }'
  done
}

wait_healthy() {
  local left end=$((SECONDS + 90))
  while left=$(unhealthy) && [[ -n $left ]]; do
    ((SECONDS < end)) || die "not healthy after 90 s: $left"
    sleep 0.5
  done
}

shop_up() {
  if ! "$PLANE" status "$SHOP_DIR" >/dev/null 2>&1; then
    "$PLANE" up "$SHOP_DIR" --for "${SHOP_FOR:-10800}" >/dev/null
  fi
  enter
  apply_shop
  wait_healthy
  say "open. To fly over it:"
  printf '\n  KUBECONFIG=%s cargo run --release\n\n' "$PLANE_KUBECONFIG_ADMIN"
}

# The name of what holds the pod template: a Rollout, or the Deployment behind it.
kind_of() {
  case $1 in
    checkout | storefront | payments) printf rollout ;;
    catalog | mailer | search) printf deployment ;;
    *) die "no such workload: '$1' (checkout storefront catalog payments mailer search)" 2 ;;
  esac
}

# 1.4.2 -> 1.5.0
next_image() {
  local image=$1 name version major minor
  name=${image%:*} version=${image##*:}
  IFS=. read -r major minor _ <<<"$version"
  printf '%s:%s.%s.0' "$name" "$major" "$((minor + 1))"
}

# roll NAME FAULT: one patch, so that it is one revision. An empty map of annotations is never written: the controller
# would drop it in a write of its own, and the generation would jump twice.
roll() {
  local name=$1 fault=$2 kind path=/spec/template/metadata/annotations image before patch
  kind=$(kind_of "$name")
  image=$(next_image "$(as_operator -n shop get "$kind" "$name" -o 'jsonpath={.spec.template.spec.containers[0].image}')")
  before=$(as_operator -n shop get "$kind" "$name" -o 'jsonpath={.spec.template.metadata.annotations}')
  patch="{\"op\":\"replace\",\"path\":\"/spec/template/spec/containers/0/image\",\"value\":\"$image\"}"
  if [[ -n $fault ]]; then
    patch+=",{\"op\":\"add\",\"path\":\"$path\",\"value\":{\"waveoff.demo/fault\":\"$fault\"}}"
  elif [[ -n $before ]]; then
    patch+=",{\"op\":\"remove\",\"path\":\"$path\"}"
  fi
  if [[ $kind == deployment ]]; then
    patch+=",{\"op\":\"add\",\"path\":\"/metadata/annotations/kubernetes.io~1change-cause\",\"value\":\"release ${image##*:}\"}"
  fi
  as_operator -n shop patch "$kind" "$name" --type=json -p "[$patch]" >/dev/null
  say "$name: $image${fault:+ ($fault)}"
}

# The stub can only be told about the new version once the controller has given it its hash.
spoil() {
  local name=$1 rate=$2 before=$3 hash
  for _ in {1..100}; do
    hash=$(as_admin -n shop get rollout "$name" -o 'jsonpath={.status.currentPodHash}')
    if [[ $hash != "$before" ]]; then
      metric "error_rate/$name/$hash" "$rate"
      say "$name: error rate of $hash is now $rate"
      return
    fi
    sleep 0.1
  done
  die "$name: the controller did not see the new version"
}

shop_bad() {
  local name=$1 rate=$2 before
  [[ $name != catalog && $name != search ]] || die "$name is a Deployment: no analysis judges it (crash $name)" 2
  before=$(as_admin -n shop get rollout "$name" -o 'jsonpath={.status.currentPodHash}')
  roll "$name" ''
  spoil "$name" "$rate" "$before"
}

shop_show() {
  as_admin get rollouts,deployments -A -o custom-columns='NAMESPACE:.metadata.namespace,KIND:.kind,NAME:.metadata.name,IMAGE:.spec.template.spec.containers[0].image,DESIRED:.spec.replicas,AVAILABLE:.status.availableReplicas,PHASE:.status.phase,STEP:.status.currentStepIndex,MESSAGE:.status.message'
}

# The namespaces stay: the plane's own roles live in them.
shop_reset() {
  local namespace
  for namespace in shop backoffice; do
    as_operator -n "$namespace" delete rollouts,deployments,services,ingresses,analysisruns --all --wait=true >/dev/null
  done
  for namespace in shop backoffice; do
    as_operator -n "$namespace" wait --for=delete pods --all --timeout=60s >/dev/null
  done
  "$PLANE" metric "$SHOP_DIR" '*' unset
  apply_shop
  wait_healthy
  say "as new"
}

usage() { awk 'NR < 3 { next } /^#/ { sub(/^# ?/, ""); print; next } { exit }' "${BASH_SOURCE[0]}"; }

main() {
  local verb=${1:-help}
  shift || true
  case $verb in
    up) shop_up ;;
    down) "$PLANE" down "$SHOP_DIR" ;;
    help | -h | --help) usage ;;
    release | preview) enter; roll "${1:?which workload?}" '' ;;
    bad) enter; shop_bad "${1:?which workload?}" "${2:-0.31}" ;;
    crash) enter; roll "${1:?which workload?}" "${2:-crash-loop}" ;;
    metric) enter; metric "${1:?which metric?}" "${2:?which value?}" ;;
    show) enter; shop_show ;;
    reset) enter; shop_reset ;;
    *) die "unknown subcommand '$verb' (demo/shop.sh help)" 2 ;;
  esac
}

main "$@"
