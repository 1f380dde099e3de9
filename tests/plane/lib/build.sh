# Compiles the control plane from its Go modules into the cache, once for each state of the go.mod and go.sum files.
# Never writes into the repository and never downloads anything but Go modules through the `go` tool. Sourced by ../plane.
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

plane_build() {
  (($# == 0)) || die "build takes no arguments" 2
  local out tmp begin
  out=$(build_dir)
  [[ -d $out ]] && return 0
  require go flock nice
  mkdir -p "$PLANE_CACHE"
  begin=$(now_ms)
  # A subshell holds the lock: it is given back however this ends, and no started process can inherit it.
  (
    flock 9
    # Somebody else may have built it while this one waited.
    [[ ! -d $out ]] || exit 0
    tmp=$(mktemp -d "$out.XXXXXX")
    # shellcheck disable=SC2064 # the value of now
    trap "rm -rf '$tmp'" EXIT
    say "building the control plane into $out (about 12 minutes on two cores the first time)"
    build_into "$tmp"
    chmod 755 "$tmp"
    mv "$tmp" "$out"
  ) 9>"$PLANE_CACHE/build.lock"
  say "built in $(seconds $(($(now_ms) - begin))) s"
}
