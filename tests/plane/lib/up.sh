# Starts a plane and waits until a client may rely on it. Sourced by ../plane.
# Never reuses the data of an earlier plane: a start is always from nothing.
# shellcheck shell=bash

# Requests per second that a controller allows itself. With their own 20 and 40 they spend the time of a busy plane
# waiting, and their events come so late that a test cannot tell whether they will.
readonly PLANE_QPS=400

start_etcd() {
  # --unsafe-no-fsync: the data of a test does not have to survive a power cut, and the disk is what is slow.
  start "$1" etcd "$PLANE_BIN/etcd" --name=plane --data-dir="$1/etcd" --unsafe-no-fsync --log-level=warn \
    --listen-client-urls="http://127.0.0.1:$ETCD_PORT" --advertise-client-urls="http://127.0.0.1:$ETCD_PORT" \
    --listen-peer-urls="http://127.0.0.1:$PEER_PORT" --initial-advertise-peer-urls="http://127.0.0.1:$PEER_PORT" \
    --initial-cluster="plane=http://127.0.0.1:$PEER_PORT"
}

start_api() {
  # ServiceAccount: no controller makes token secrets here, so that every pod would be refused.
  # TaintNodesByCondition: without the node lifecycle controller nobody would take the taint away again.
  start "$1" kube-apiserver "$PLANE_BIN/kube-apiserver" --etcd-servers="http://127.0.0.1:$ETCD_PORT" \
    --bind-address=127.0.0.1 --advertise-address=127.0.0.1 --secure-port="$API_PORT" --endpoint-reconciler-type=none \
    --cert-dir="$1/pki" --tls-cert-file="$1/pki/server.crt" --tls-private-key-file="$1/pki/server.key" \
    --service-account-issuer=https://plane.invalid --service-account-key-file="$1/pki/sa.key" \
    --service-account-signing-key-file="$1/pki/sa.key" --service-cluster-ip-range=10.0.0.0/24 \
    --token-auth-file="$1/pki/tokens.csv" --authorization-mode=RBAC \
    --disable-admission-plugins=ServiceAccount,TaintNodesByCondition \
    --kubelet-preferred-address-types=InternalIP --egress-selector-config-file="$1/egress.yaml" \
    --audit-policy-file="$PLANE_HOME/manifests/audit-policy.yaml" --audit-log-path="$1/audit.log" --audit-log-mode=blocking
}

start_controllers() {
  start "$1" kube-controller-manager "$PLANE_BIN/kube-controller-manager" --kubeconfig="$1/pki/plane-controllers.kubeconfig" \
    --leader-elect=false --secure-port=0 --concurrent-deployment-syncs=5 --kube-api-qps="$PLANE_QPS" --kube-api-burst="$PLANE_QPS" \
    --controllers=deployment,replicaset,job,garbage-collector-controller,namespace-controller,disruption,endpointslice-controller,serviceaccount-controller
  start "$1" kube-scheduler "$PLANE_BIN/kube-scheduler" --kubeconfig="$1/pki/plane-scheduler.kubeconfig" \
    --leader-elect=false --secure-port=0
  # The same port twice: kwok plays the kubelet's log endpoint at 127.0.0.1, which the nodes give as their address.
  start "$1" kwok "$PLANE_BIN/kwok" --kubeconfig="$1/pki/plane-kwok.kubeconfig" --manage-all-nodes=true --cidr=10.1.0.1/16 \
    --config="$PLANE_HOME/kwok-stages.yaml" --config="$PLANE_HOME/kwok-faults.yaml" --config="$1/kwok-logs.yaml" \
    --node-ip=127.0.0.1 --node-port="$KWOK_PORT" --server-address="127.0.0.1:$KWOK_PORT" \
    --tls-cert-file="$1/pki/server.crt" --tls-private-key-file="$1/pki/server.key"
}

start_rollouts() {
  # The proxy knows the name of the cluster's Prometheus. It is asked for plain HTTP beyond loopback only: neither the
  # API server nor the metrics stub is reached through it, and no proxy of this machine may come in between.
  start "$1" rollouts-controller env -u HTTPS_PROXY -u https_proxy -u NO_PROXY -u no_proxy HTTP_PROXY="http://127.0.0.1:$PROXY_PORT" \
    "$PLANE_BIN/rollouts-controller" --kubeconfig="$1/pki/plane-rollouts.kubeconfig" \
    --leader-elect=false --metricsport="$ROLLOUTS_METRICS_PORT" --healthzPort="$ROLLOUTS_HEALTH_PORT" -n argo-rollouts \
    --qps="$PLANE_QPS" --burst="$PLANE_QPS"
}

start_stubs() {
  start "$1" metrics-stub python3 "$PLANE_HOME/metrics_stub.py" --port "$METRICS_PORT" --mark "$1/"
  start "$1" pod-logs python3 "$PLANE_HOME/pod_logs.py" --dir "$1/podlogs"
}

start_measuring() {
  start "$1" proxy python3 "$PLANE_HOME/proxy.py" --port "$PROXY_PORT" --socket "$(egress_socket)" --prometheus "$PROMETHEUS_PORT" --mark "$1/"
  start "$1" traffic python3 "$PLANE_HOME/traffic.py" --port "$TRAFFIC_PORT" --api "https://127.0.0.1:$API_PORT" --pki "$1/pki"
  start "$1" prometheus "$PLANE_BIN/prometheus" --config.file="$1/prometheus.yml" --storage.tsdb.path="$1/prometheus" \
    --storage.tsdb.retention.time=3h --web.listen-address="127.0.0.1:$PROMETHEUS_PORT" --log.level=warn
}

setup() { "$PLANE_BIN/kubectl" --kubeconfig "$1/pki/plane-setup.kubeconfig" "${@:2}"; }

api_ready() { setup "$1" get --raw /readyz; }

all_nodes_ready() {
  [[ $(setup "$1" get nodes -o 'jsonpath={range .items[*].status.conditions[?(@.type=="Ready")]}{.status}{"\n"}{end}' | grep -c True) == 3 ]]
}

port_open() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# What Prometheus and the exporter answer as soon as they have read their data.
http_ready() {
  (
    exec 3<>"/dev/tcp/127.0.0.1/$1"
    printf 'GET /-/ready HTTP/1.1\r\nHost: plane\r\nConnection: close\r\n\r\n' >&3
    read -r -t 5 status <&3 && [[ $status == *' 200 '* ]]
  ) 2>/dev/null
}

# Server-side apply: the CRDs are too long for the annotation that client-side apply leaves behind.
install_crds() {
  setup "$1" apply --server-side -f "$(build_dir)/crds" -f "$PLANE_HOME/manifests/istio.yaml" >>"$1/logs/setup.log"
  # Asked again: kubectl calls a kind without any conditions yet an error instead of waiting for them.
  wait_for 60 "the resource kinds" setup "$1" wait --for=condition=Established crd --all --timeout=10s
  wait_for 60 "discovery of rollouts.argoproj.io" setup "$1" get rollouts -A
}

# The cluster's Prometheus is a pod that is nowhere: kwok plays only pods of a node, and the scheduler only its own. The API
# server proxies to pods alone, so it needs a status with the address that proxy.py knows.
place_prometheus() {
  setup "$1" -n monitoring patch pod prometheus-0 --subresource=status --type=merge --patch-file="$PLANE_HOME/manifests/prometheus-status.yaml" >>"$1/logs/setup.log"
}

# Everything a script or test has to know, in a form that bash can source and others can read line by line.
write_env() {
  local dir=$1 crd=$2
  cat >"$dir/env" <<ENV
export PLANE_DIR='$dir'
export PLANE_BIN='$PLANE_BIN'
export PLANE_API_URL='https://127.0.0.1:$API_PORT'
export PLANE_METRICS_URL='http://127.0.0.1:$METRICS_PORT'
export PLANE_PROMETHEUS_URL='http://127.0.0.1:$PROMETHEUS_PORT'
export PLANE_TRAFFIC_URL='http://127.0.0.1:$TRAFFIC_PORT'
export PLANE_ROLLOUTS_METRICS_URL='http://127.0.0.1:$ROLLOUTS_METRICS_PORT/metrics'
export PLANE_AUDIT_LOG='$dir/audit.log'
export PLANE_CRDS='$(build_dir)/crds'
export PLANE_POD_LOGS='$dir/podlogs'
export PLANE_CRD='$crd'
export PLANE_KUBECONFIG_ADMIN='$dir/admin.kubeconfig'
export PLANE_KUBECONFIG_OPERATOR='$dir/operator.kubeconfig'
export PLANE_KUBECONFIG_VIEWER='$dir/viewer.kubeconfig'
export PLANE_KUBECONFIG_NARROW='$dir/narrow.kubeconfig'
export PLANE_KUBECONFIG_BLIND='$dir/blind.kubeconfig'
export PLANE_KUBECONFIG_EXPIRED='$dir/expired.kubeconfig'
export KUBECONFIG='$dir/admin.kubeconfig'
ENV
}

# An old plane's remains are ours to remove; anything else in that directory is not.
prepare_dir() {
  local dir=$1 name
  if [[ -f $dir/.plane ]]; then
    for name in $(awk '{ print $1 }' "$dir/pids" 2>/dev/null); do
      ! running "$dir" "$name" || die "a plane is already up in $dir (plane down $dir)"
    done
    rm -rf "$dir"/{etcd,pki,logs,run,podlogs,prometheus,pids,env,audit.log,kwok-logs.yaml,egress.yaml,prometheus.yml} "$dir"/*.kubeconfig
  elif [[ -e $dir && -n $(ls -A "$dir") ]]; then
    die "$dir is not empty and holds no plane"
  fi
  mkdir -p "$dir"/{logs,run,podlogs}
  : >"$dir/.plane"
  : >"$dir/pids"
}

write_kwok_logs() {
  python3 "$PLANE_HOME/pod_logs.py" --dir "$1/podlogs" --write-config "$1/kwok-logs.yaml"
}

# Named after a port of this plane: no other plane has it.
egress_socket() { printf 'waveoff-plane-%s' "$PROXY_PORT"; }

# What the API server dials in the cluster (kubelets, pods, Services) goes through proxy.py.
write_egress() {
  cat >"$1/egress.yaml" <<YAML
apiVersion: apiserver.k8s.io/v1beta1
kind: EgressSelectorConfiguration
egressSelections:
- name: cluster
  connection:
    proxyProtocol: HTTPConnect
    transport:
      uds:
        udsName: "@$(egress_socket)"
YAML
}

# honor_labels: the exporter speaks for all pods, so that its labels count and not those of its address.
write_prometheus_config() {
  cat >"$1/prometheus.yml" <<YAML
global:
  scrape_interval: 1s
  scrape_timeout: 1s
scrape_configs:
- job_name: traffic
  honor_labels: true
  static_configs:
  - targets: ["127.0.0.1:$TRAFFIC_PORT"]
YAML
}

plane_up() {
  local dir='' lifetime=10800 crd=yes bare=no begin
  while (($#)); do
    case $1 in
      --for) lifetime=${2:?--for needs seconds} && shift ;;
      --no-crd) crd=no ;;
      --bare) bare=yes ;;
      -*) die "up: unknown option $1" 2 ;;
      *) [[ -z $dir ]] || die "up takes one directory" 2; dir=$1 ;;
    esac
    shift
  done
  dir=$(plane_dir "$dir")
  require python3 openssl setsid awk base64
  plane_build
  PLANE_BIN=$(build_dir)/bin
  begin=$(now_ms)
  prepare_dir "$dir"
  # Half a plane is worse than none: it would keep running behind a test that has already failed.
  PLANE_STARTING=$dir
  trap abandon_up EXIT
  bring_up "$dir" "$crd" "$lifetime" "$bare"
  trap - EXIT
  say "up in $(seconds $(($(now_ms) - begin))) s, for $lifetime s: $dir"
  printf '%s\n' "$dir/admin.kubeconfig"
}

abandon_up() {
  say "up failed: ending what was started; logs are in $PLANE_STARTING/logs"
  end_all "$PLANE_STARTING"
}

bring_up() {
  local dir=$1 crd=$2 lifetime=$3 bare=$4
  read -r ETCD_PORT PEER_PORT API_PORT KWOK_PORT METRICS_PORT ROLLOUTS_METRICS_PORT ROLLOUTS_HEALTH_PORT \
    PROXY_PORT TRAFFIC_PORT PROMETHEUS_PORT < <(free_ports 10)
  start_etcd "$dir"
  make_certificates "$dir"
  make_tokens "$dir"
  make_kubeconfigs "$dir"
  write_kwok_logs "$dir"
  write_egress "$dir"
  write_prometheus_config "$dir"
  write_env "$dir" "$crd"
  wait_component "$dir" etcd 20 port_open "$ETCD_PORT"
  start_api "$dir"
  start_watchdog "$dir" "$lifetime"
  if [[ $bare == yes ]]; then
    wait_component "$dir" kube-apiserver 60 api_ready "$dir"
    if [[ $crd == yes ]]; then install_crds "$dir"; fi
    return
  fi
  start_stubs "$dir"
  wait_component "$dir" kube-apiserver 60 api_ready "$dir"
  start_controllers "$dir"
  start_measuring "$dir"
  # Its warnings go there too: the API server finds Endpoints out of date, but its own proxy reads nothing else.
  setup "$dir" apply -f "$PLANE_HOME/manifests/base.yaml" >>"$dir/logs/setup.log" 2>&1 || die "base.yaml: see $dir/logs/setup.log"
  place_prometheus "$dir"
  if [[ $crd == yes ]]; then
    install_crds "$dir"
    start_rollouts "$dir"
  fi
  wait_for 60 "the nodes" all_nodes_ready "$dir"
  wait_component "$dir" kwok 60 port_open "$KWOK_PORT"
  wait_component "$dir" metrics-stub 60 port_open "$METRICS_PORT"
  wait_component "$dir" proxy 60 port_open "$PROXY_PORT"
  wait_component "$dir" traffic 60 http_ready "$TRAFFIC_PORT"
  wait_component "$dir" prometheus 60 http_ready "$PROMETHEUS_PORT"
  if [[ $crd == yes ]]; then wait_component "$dir" rollouts-controller 60 rollouts_ready; fi
}

rollouts_ready() { port_open "$ROLLOUTS_HEALTH_PORT" && port_open "$ROLLOUTS_METRICS_PORT"; }
