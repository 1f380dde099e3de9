# Who may do what: certificates, tokens and one kubeconfig for each person, made anew for each plane.
# Never touches a kubeconfig outside the plane's directory. Sourced by ../plane, called by up.sh.
# shellcheck shell=bash

# People have a kubeconfig; components only a token. Names of components appear in the audit policy.
readonly PLANE_PEOPLE="admin operator viewer narrow blind"
readonly PLANE_COMPONENTS="plane-setup plane-kwok plane-rollouts plane-scheduler plane-controllers plane-traffic"

make_certificates() {
  local pki=$1/pki
  mkdir -p "$pki"
  chmod 700 "$pki"
  local log=$1/logs/openssl.log
  {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj "/CN=plane-ca" \
      -addext "keyUsage=critical,keyCertSign,cRLSign" -keyout "$pki/ca.key" -out "$pki/ca.crt"
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=plane" \
      -keyout "$pki/server.key" -out "$pki/server.csr"
    printf 'subjectAltName=IP:127.0.0.1,IP:10.0.0.1,DNS:localhost,DNS:kubernetes.default.svc\nextendedKeyUsage=serverAuth\n' >"$pki/server.ext"
    openssl x509 -req -in "$pki/server.csr" -CA "$pki/ca.crt" -CAkey "$pki/ca.key" -CAcreateserial -days 30 \
      -extfile "$pki/server.ext" -out "$pki/server.crt"
    # RSA here: the API server reads no EC key in this form.
    openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$pki/sa.key"
  } >"$log" 2>&1 || die "openssl failed: see $log"
}

# Static tokens: the one way to give a user a name and groups without another component.
make_tokens() {
  local file=$1/pki/tokens.csv name groups
  for name in $PLANE_PEOPLE $PLANE_COMPONENTS; do
    case $name in
      admin | plane-*) groups=system:masters ;;
      *) groups=waveoff:$name ;;
    esac
    printf '%s,%s,%s,"%s"\n' "$(openssl rand -hex 16)" "$name" "uid-$name" "$groups"
  done >"$file"
  chmod 600 "$file"
}

token_of() { awk -F, -v name="$2" '$2 == name { print $1 }' "$1/pki/tokens.csv"; }

# write_kubeconfig DIR FILE NAME TOKEN
write_kubeconfig() {
  local dir=$1 file=$2 name=$3 token=$4 authority
  authority=$(base64 -w0 <"$dir/pki/ca.crt")
  (
    umask 077
    cat >"$file" <<YAML
apiVersion: v1
kind: Config
clusters:
- name: plane
  cluster:
    server: https://127.0.0.1:$API_PORT
    certificate-authority-data: $authority
users:
- name: $name
  user:
    token: $token
contexts:
- name: plane-$name
  context:
    cluster: plane
    user: $name
    namespace: default
current-context: plane-$name
YAML
  )
}

make_kubeconfigs() {
  local dir=$1 name
  for name in $PLANE_PEOPLE; do
    write_kubeconfig "$dir" "$dir/$name.kubeconfig" "$name" "$(token_of "$dir" "$name")"
  done
  for name in $PLANE_COMPONENTS; do
    write_kubeconfig "$dir" "$dir/pki/$name.kubeconfig" "$name" "$(token_of "$dir" "$name")"
  done
  # A static token cannot expire; one that the server does not know is refused with the same 401.
  write_kubeconfig "$dir" "$dir/expired.kubeconfig" expired "$(openssl rand -hex 16)"
}
