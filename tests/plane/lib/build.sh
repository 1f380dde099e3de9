# Compiles the control plane from its Go modules into the cache, once for each state of the go.mod and go.sum files, and
# puts Prometheus beside it. Never writes into the repository, never installs anything, and never downloads anything but
# Go modules through the `go` tool and one Debian package through `apt-get`. Sourced by ../plane.
# shellcheck shell=bash

# Raise it when flags or contents of a build change without a change of the modules.
readonly PLANE_RECIPE=1

build_key() {
  (cd "$PLANE_HOME/modules" && { sha256sum argo/go.mod argo/go.sum kwok/go.mod kwok/go.sum; uname -m; echo "$PLANE_RECIPE"; }) | sha256sum | cut -c1-16
}

build_dir() { printf '%s/build-%s' "$PLANE_CACHE" "$(build_key)"; }

module_version() { go list -m -f '{{if .Replace}}{{.Replace.Version}}{{else}}{{.Version}}{{end}}' "$1"; }

# build_module MODULE OUT LDFLAGS: every `tool` of one of our modules.
build_module() {
  local packages
  packages=$(go -C "$PLANE_HOME/modules/$1" list -f '{{.ImportPath}}' tool)
  # Niceness: a build takes minutes, and people work on this machine meanwhile.
  # shellcheck disable=SC2086 # one word for each package
  nice -n 5 go -C "$PLANE_HOME/modules/$1" build -p "${PLANE_BUILD_JOBS:-$(nproc)}" -ldflags "$3" -o "$2/" $packages
}

# Without these a self-built API server calls itself v0.0.0, and clients that look at versions are led astray.
version_flags() {
  local kubernetes rollouts
  kubernetes=$(cd "$PLANE_HOME/modules/argo" && module_version k8s.io/kubernetes)
  rollouts=$(cd "$PLANE_HOME/modules/argo" && module_version github.com/argoproj/argo-rollouts)
  local minor=${kubernetes#v1.}
  printf -- '-s -w -X k8s.io/component-base/version.gitVersion=%s' "$kubernetes"
  printf -- ' -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=%s' "${minor%%.*}"
  printf -- ' -X github.com/argoproj/argo-rollouts/utils/version.version=%s' "$rollouts"
}

build_into() {
  local out=$1
  mkdir -p "$out/bin" "$out/crds"
  build_module argo "$out/bin" "$(version_flags)"
  build_module kwok "$out/bin" "-s -w"
  mv "$out/bin/server" "$out/bin/etcd"
  # The CRDs belong to the controller's version: taken from its module, never kept in the repository.
  local module
  module=$(go -C "$PLANE_HOME/modules/argo" list -m -f '{{.Dir}}' github.com/argoproj/argo-rollouts)
  install -m 644 "$module"/manifests/crds/*-crd.yaml "$out/crds/"
}

# A `prometheus` that is installed here is used as it is; else the binary is taken out of Debian's package, which would
# start a service when it is installed.
fetch_prometheus() {
  local bin=$1 tmp=$2 installed
  if installed=$(command -v prometheus); then
    ln -sf "$(readlink -f "$installed")" "$bin/prometheus"
    return
  fi
  command -v apt-get >/dev/null && command -v dpkg >/dev/null ||
    die "no prometheus: install it so that it is on PATH (without apt-get and dpkg it cannot be fetched)"
  say "taking prometheus out of its Debian package"
  apt_download "$tmp" prometheus >"$tmp/apt.log" 2>&1 || {
    tail -n 5 "$tmp/apt.log" >&2
    die "no prometheus: it is not on PATH, and apt-get cannot download its package"
  }
  dpkg -x "$tmp"/prometheus_*.deb "$tmp/package"
  mv "$tmp/package/usr/bin/prometheus" "$bin/prometheus"
}

# apt_download DIRECTORY PACKAGE: a machine that never ran `apt-get update` knows no packages.
apt_download() (
  cd "$1" || exit 1
  apt-get download "$2" && exit 0
  ((EUID == 0)) && apt-get update && apt-get download "$2"
)

plane_build() {
  (($# == 0)) || die "build takes no arguments" 2
  local out tmp begin
  out=$(build_dir)
  [[ -x $out/bin/prometheus ]] && return 0
  require go flock nice
  mkdir -p "$PLANE_CACHE"
  begin=$(now_ms)
  # A subshell holds the lock: it is given back however this ends, and no started process can inherit it.
  (
    flock 9
    tmp=$(mktemp -d "$out.XXXXXX")
    # shellcheck disable=SC2064 # the value of now
    trap "rm -rf '$tmp'" EXIT
    # Somebody else may have built it while this one waited.
    if [[ ! -d $out ]]; then
      say "building the control plane into $out (about 12 minutes on two cores the first time)"
      build_into "$tmp/build"
      mv "$tmp/build" "$out"
    fi
    [[ -x $out/bin/prometheus ]] || fetch_prometheus "$out/bin" "$tmp"
  ) 9>"$PLANE_CACHE/build.lock"
  say "built in $(seconds $(($(now_ms) - begin))) s"
}
