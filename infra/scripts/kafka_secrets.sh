#!/usr/bin/env bash
# Makes what the nodes of setup_kafka.sh know each other and their clients by: an authority, a certificate for each node, a
# password for each user. Run it where secrets are kept. Run again, it adds new nodes and users and renews what soon expires.
usage() {
    cat <<'END'
usage: kafka_secrets.sh --nodes LIST --secrets DIR [--dry-run]

  --nodes LIST    HOST[:PORT] of one or three nodes, separated by commas, as setup_kafka.sh takes them
  --secrets DIR   where ca.key, ca.pem, cluster-id, passwords (NAME=PASSWORD a line) and node-N.pem (key, certificate) are
                  written. Node N needs all of them but ca.key and the other nodes' files
  --dry-run       say what would be made, and make nothing
END
}
set -euo pipefail
umask 077

USERS=(admin ticklake-producer ticklake-consumer ticklake-alerts ticklake-airflow ticklake-dashboard ticklake-operator)
DAYS_OF_AUTHORITY=3650
DAYS_OF_CERTIFICATE=825
RENEWED_WITHIN_S=$((60 * 86400))

fail() {
    echo "kafka_secrets.sh: $*" >&2
    exit 2
}

# needed WHAT: says so; false in a rehearsal.
needed() {
    echo "$1"
    [ -z "$dry_run" ]
}

# What all certificates and all nodes hang on is there as a whole or not at all: made anew beside the rest, it would let nobody in.
unbroken() {
    local file there=() missing=()
    for file in ca.key ca.pem cluster-id passwords; do
        if [ -f "$secrets/$file" ]; then there+=("$file"); else missing+=("$file"); fi
    done
    for file in "$secrets"/node-*.pem; do
        if [ -f "$file" ]; then there+=("${file##*/}"); fi
    done
    [ ${#there[@]} -eq 0 ] || [ ${#missing[@]} -eq 0 ] || fail "$secrets has ${there[*]} but not ${missing[*]}: bring back what is missing" \
        "(a node's secret has all but ca.key), or name another folder for a new cluster"
}

request() {
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -config <(printf '[req]\ndistinguished_name = dn\n[dn]\n') "$@" 2>/dev/null ||
        fail "openssl made no key"
}

authority() {
    if [ -f "$secrets/ca.key" ] || ! needed "an authority"; then return; fi
    request -x509 -days $DAYS_OF_AUTHORITY -subj '/CN=ticklake kafka authority' -addext basicConstraints=critical,CA:TRUE \
        -addext keyUsage=critical,keyCertSign,cRLSign -keyout "$secrets/ca.key" -out "$secrets/ca.pem"
}

cluster_id() {
    if [ -f "$secrets/cluster-id" ] || ! needed "the cluster's id"; then return; fi
    openssl rand 16 | basenc --base64url | tr -d '=' >"$secrets/cluster-id"
}

# certificate NODE ADDRESS
certificate() {
    local name=$secrets/node-$1 alias=DNS:$2
    if [[ $2 =~ ^[0-9.]+$ ]]; then alias=IP:$2; fi
    if openssl x509 -in "$name.pem" -noout -checkend $RENEWED_WITHIN_S >/dev/null 2>&1 || ! needed "a certificate for node $1, $alias"; then return; fi
    request -subj "/CN=kafka-$1" -keyout "$name.key" -out "$name.csr"
    openssl x509 -req -in "$name.csr" -CA "$secrets/ca.pem" -CAkey "$secrets/ca.key" -days $DAYS_OF_CERTIFICATE -out "$name.crt" \
        -extfile <(printf 'subjectAltName=%s\nextendedKeyUsage=serverAuth,clientAuth\n' "$alias") 2>/dev/null || fail "ca.key and ca.pem of $secrets sign no certificate"
    cat "$name.key" "$name.crt" >"$name.pem"
    rm "$name.key" "$name.csr" "$name.crt"
}

passwords() {
    local user
    for user in "${USERS[@]}"; do
        if grep -qs "^$user=" "$secrets/passwords" || ! needed "a password for $user"; then continue; fi
        echo "$user=$(openssl rand -hex 24)" >>"$secrets/passwords"
    done
}

nodes=() secrets='' dry_run=''
while [ $# -gt 0 ]; do
    case $1 in
        --nodes) IFS=, read -r -a nodes <<<"${2:-}" && shift 2 ;;
        --secrets) secrets=${2:-} && shift 2 ;;
        --dry-run) dry_run=yes && shift ;;
        -h | --help) usage && exit ;;
        *) usage >&2 && exit 2 ;;
    esac
done
[[ ${#nodes[@]} =~ ^[13]$ ]] || fail "--nodes must name one or three nodes: two have no majority when one is away"
[ -n "$secrets" ] || fail "--secrets is missing"
[ -n "$dry_run" ] || mkdir -p "$secrets"

unbroken
authority
cluster_id
for place in "${!nodes[@]}"; do certificate $((place + 1)) "${nodes[place]%:*}"; done
passwords
