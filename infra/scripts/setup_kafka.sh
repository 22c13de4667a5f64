#!/usr/bin/env bash
# Sets up Apache Kafka (KRaft) on one or three Linux machines with systemd. Clients come in with TLS and a SCRAM password,
# brokers know each other by certificate, and nobody may do what no ACL allows. Every step may be run again.
usage() {
    cat <<'END'
usage: setup_kafka.sh install --nodes LIST --secrets DIR --node-id N     Kafka as a service; as root on each node, one after the other
       setup_kafka.sh acls    --nodes LIST --secrets DIR                 what each service may do; once the nodes run, on one of them

  --nodes LIST      HOST[:PORT] of one or three nodes, alike everywhere, separated by commas. A node listens on its own HOST
                    only: on PORT (9092) to clients, on the next to brokers, on the one after to controllers
  --secrets DIR     what kafka_secrets.sh made: ca.pem, cluster-id, passwords and this node's node-N.pem. The passwords are
                    asked for by the first install and by acls only: take them away from the nodes afterwards
  --node-id N       install: which of the nodes this one is, from 1
  --rack NAME       install: the node's zone; replicas are spread over zones
  --heap SIZE       install: memory of the JVM, such as 4g (1g)
  --archive FILE    install: Kafka's archive, for a machine that cannot reach apache.org
  --sha512 HEX      install: the archive's checksum; without it the one that apache.org publishes
  --render DIR      install: only write the configuration, with everything under DIR
  --dry-run         say what would be done, and do nothing
END
}
set -euo pipefail
umask 077

KAFKA=4.3.1
ARCHIVE="kafka_2.13-$KAFKA.tgz"
SITES=("https://downloads.apache.org/kafka/$KAFKA" "https://archive.apache.org/dist/kafka/$KAFKA")
SCRAM=org.apache.kafka.common.security.scram.ScramLoginModule

fail() {
    echo "setup_kafka.sh: $*" >&2
    exit 1
}

run() {
    if [ -n "$dry_run" ]; then
        printf '+%s\n' "$(printf ' %q' "$@")"
    else
        "$@"
    fi
}

# write MODE PATH TEXT: a rehearsal shows what anybody may read; `changed` tells whether there was anything to write.
write() {
    if [ "$3" = "$(cat "$2" 2>/dev/null)" ]; then return; fi
    changed=yes
    if [ -n "$dry_run" ]; then
        printf '+ write %s, mode %s\n' "$2" "$1"
        [ "$1" = 600 ] || printf '%s\n' "$3"
    else
        mkdir -p "$(dirname "$2")"
        install -m "$1" /dev/stdin "$2" <<<"$3"
    fi
}

host() { echo "${nodes[$1 - 1]%:*}"; }

# port NODE [LISTENER]: of clients, or of brokers (1) or controllers (2).
port() {
    local node=${nodes[$1 - 1]} first=9092
    if [[ $node == *:* ]]; then first=${node##*:}; fi
    echo $((first + ${2:-0}))
}

install_java() {
    if command -v java >/dev/null; then return; fi
    if command -v dnf >/dev/null; then
        run dnf install -y -q java-21-amazon-corretto-headless
    elif command -v apt-get >/dev/null; then
        run apt-get install -y -q openjdk-21-jre-headless
    else
        fail "Java 17 or later is missing, and neither dnf nor apt-get is there to install it"
    fi
}

install_kafka() {
    if [ -d "/opt/kafka-$KAFKA" ]; then return; fi
    local file=$archive sum=$sha512 folder=/opt/kafka-download
    run mkdir -p "$folder"
    if [ -z "$file" ]; then file=$folder/$ARCHIVE && fetch "$ARCHIVE" "$file"; fi
    if [ -z "$sum" ]; then fetch "$ARCHIVE.sha512" "$folder/sum" && sum=$([ -n "$dry_run" ] || published "$folder/sum"); fi
    run verify "$sum" "$file"
    run tar -xzf "$file" -C "$folder" --no-same-owner
    run chmod -R u=rwX,go=rX "$folder/${ARCHIVE%.tgz}"
    run mv "$folder/${ARCHIVE%.tgz}" "/opt/kafka-$KAFKA"
    run ln -sfn "/opt/kafka-$KAFKA" /opt/kafka
    run rm -r "$folder"
}

fetch() {
    local site
    for site in "${SITES[@]}"; do
        if run curl --fail --silent --show-error --location --proto =https --retry 3 --output "$2" "$site/$1"; then return; fi
    done
    fail "$1 cannot be had from ${SITES[*]}; give --archive and --sha512"
}

# Apache writes "name: 0123 4567 …" over several lines.
published() { tr -d ' \n' <"$1" | sed 's/.*://' | tr A-F a-f; }

verify() { sha512sum --check --quiet --strict <<<"$1  $2" >&2 || fail "$2 is not what its checksum says; nothing was installed"; }

listeners() { echo "CLIENT://$(host "$1"):$(port "$1"),REPLICATION://$(host "$1"):$(port "$1" 1)"; }

properties() {
    local replicas=${#nodes[@]} in_sync=$(((${#nodes[@]} + 1) / 2)) voters=() super=User:admin node
    for ((node = 1; node <= ${#nodes[@]}; node++)); do
        voters+=("$node@$(host $node):$(port $node 2)")
        super+=";User:kafka-$node"
    done
    cat <<END
process.roles=broker,controller
node.id=$node_id
${rack:+broker.rack=$rack
}controller.quorum.voters=$(IFS=, && echo "${voters[*]}")
listeners=$(listeners "$node_id"),CONTROLLER://$(host "$node_id"):$(port "$node_id" 2)
advertised.listeners=$(listeners "$node_id")
listener.security.protocol.map=CLIENT:SASL_SSL,REPLICATION:SSL,CONTROLLER:SSL
inter.broker.listener.name=REPLICATION
controller.listener.names=CONTROLLER

ssl.keystore.type=PEM
ssl.keystore.location=$config/node.pem
ssl.truststore.type=PEM
ssl.truststore.location=$config/ca.pem
listener.name.replication.ssl.client.auth=required
listener.name.controller.ssl.client.auth=required
ssl.principal.mapping.rules=RULE:^CN=(kafka-[0-9]+)\$/\$1/
listener.name.client.sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.client.scram-sha-512.sasl.jaas.config=$SCRAM required;

authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
allow.everyone.if.no.acl.found=false
super.users=$super

log.dirs=$data
auto.create.topics.enable=false
default.replication.factor=$replicas
min.insync.replicas=$in_sync
unclean.leader.election.enable=false
offsets.topic.replication.factor=$replicas
transaction.state.log.replication.factor=$replicas
transaction.state.log.min.isr=$in_sync
share.coordinator.state.topic.replication.factor=$replicas
share.coordinator.state.topic.min.isr=$in_sync
message.max.bytes=4194304
replica.fetch.max.bytes=4194304
END
}

unit() {
    cat <<END
[Unit]
Description=Apache Kafka, node $node_id of the Ticklake cluster
Documentation=https://kafka.apache.org/documentation/
Wants=network-online.target
After=network-online.target
RequiresMountsFor=$data

[Service]
User=kafka
Environment=LOG_DIR=/var/log/kafka
Environment="KAFKA_HEAP_OPTS=-Xms$heap -Xmx$heap"
ExecStart=/opt/kafka/bin/kafka-server-start.sh $config/server.properties
Restart=always
RestartSec=5
# A controlled shutdown hands its partitions over before it ends.
TimeoutStopSec=180
SuccessExitStatus=143
LimitNOFILE=100000
StateDirectory=kafka
LogsDirectory=kafka
UMask=0077
NoNewPrivileges=yes
CapabilityBoundingSet=
ProtectSystem=strict
ReadWritePaths=$data
ProtectHome=yes
ProtectProc=invisible
ProtectClock=yes
ProtectHostname=yes
ProtectControlGroups=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
PrivateTmp=yes
PrivateDevices=yes
RemoveIPC=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service

[Install]
WantedBy=multi-user.target
END
}

# The arguments of the tool that formats storage: in a file, because a command line is seen by everybody on the machine.
formatting() {
    printf '%s\n' format --config "$config/server.properties" --cluster-id "$(cat "$secrets/cluster-id")"
    sed -E 's/([^=]+)=(.*)/--add-scram\nSCRAM-SHA-512=[name=\1,password=\2]/' "$secrets/passwords"
}

configure() {
    write 640 "$config/ca.pem" "$(cat "$secrets/ca.pem")"
    write 600 "$config/node.pem" "$(cat "$secrets/node-$node_id.pem")"
    write 640 "$config/server.properties" "$(properties)"
    write 644 "$units/kafka.service" "$(unit)"
    [ -f "$data/meta.properties" ] || write 600 "$config/format.arguments" "$(formatting)"
}

install_service() {
    [ -n "$dry_run" ] || [ "$(id -u)" = 0 ] || fail "install must be run as root"
    install_java
    install_kafka
    id kafka >/dev/null 2>&1 || run useradd --system --home-dir /var/lib/kafka --shell /usr/sbin/nologin kafka
    configure
    run chmod 755 "$config"
    run chown -R kafka:kafka "$config"
    run install -d -o kafka -g kafka -m 700 /var/lib/kafka "$data"
    [ -f "$data/meta.properties" ] || run runuser -u kafka -- env LOG_DIR=/var/lib/kafka /opt/kafka/bin/kafka-storage.sh "@$config/format.arguments"
    run rm -f "$config/format.arguments"
    run systemctl daemon-reload
    run systemctl enable --quiet kafka
    run systemctl "${changed:+re}start" kafka
}

# USER RIGHT KIND NAME, as docs/security.md lists them; topics and groups have the names of the settings.
rights() {
    local ticks=${TICKLAKE_TICKS_TOPIC:-market.ticks} letters=${TICKLAKE_DEAD_LETTERS_TOPIC:-market.ticks.dlq}
    local landings=${TICKLAKE_LANDINGS_TOPIC:-lake.landings} changes=${TICKLAKE_CHANGES_TOPIC:-warehouse.changes}
    local alerts=${TICKLAKE_ALERTS_TOPIC:-market.alerts} state=${TICKLAKE_ALERTS_STATE_TOPIC:-market.alerts.state}
    local lake=${TICKLAKE_KAFKA_GROUP:-ticklake-lake} judges=${TICKLAKE_ALERTS_GROUP:-ticklake-alerts} each
    for each in "producer Write topic $ticks" \
        "consumer Read topic $ticks" "consumer Read group $lake" "consumer Write topic $letters" "consumer Write topic $landings" \
        "alerts Read topic $ticks" "alerts Read topic $alerts" "alerts Read topic $state" "alerts Read topic $changes" \
        "alerts Read group $judges" "alerts Read group $judges-inbox" "alerts Write topic $alerts" "alerts Write topic $state" \
        "airflow Read topic $landings" "airflow Write topic $changes" "airflow Describe topic $ticks" "airflow Describe group $lake" \
        "dashboard Read topic $ticks" "dashboard Read topic $landings" "dashboard Read topic $changes" "dashboard Read topic $alerts" \
        "dashboard Write topic $changes" \
        "operator Read topic $ticks" "operator Describe group $lake" "operator Read topic $letters" "operator Write topic $ticks" \
        "operator Write topic $letters" "operator Write topic $changes"; do
        echo "ticklake-$each"
    done
    for each in "$ticks" "$letters" "$landings" "$changes" "$alerts" "$state"; do
        printf 'ticklake-operator %s topic %s\n' Create "$each" Describe "$each"
    done
}

grant() {
    local user right kind name
    trap 'rm -f "$client"' EXIT
    write 600 "$client" "security.protocol=SASL_SSL
ssl.truststore.type=PEM
ssl.truststore.location=$secrets/ca.pem
sasl.mechanism=SCRAM-SHA-512
sasl.jaas.config=$SCRAM required username=\"admin\" password=\"$(sed -n 's/^admin=//p' "$secrets/passwords")\";"
    while read -r user right kind name; do
        run /opt/kafka/bin/kafka-acls.sh --bootstrap-server "$(host 1):$(port 1)" --command-config "$client" \
            --add --allow-principal "User:$user" --operation "$right" "--$kind" "$name" </dev/null
    done < <(rights)
}

client=/root/.kafka-admin.properties
command=${1:-} dry_run='' secrets='' node_id='' rack='' heap=1g archive='' sha512='' render='' changed='' nodes=()
case $command in
    install | acls) shift ;;
    -h | --help) usage && exit ;;
    *) usage >&2 && exit 2 ;;
esac
while [ $# -gt 0 ]; do
    case $1 in
        --dry-run) dry_run=yes && shift && continue ;;
        --nodes) IFS=, read -r -a nodes <<<"${2:-}" ;;
        --secrets | --node-id | --rack | --heap | --archive | --sha512 | --render) option=${1#--} && printf -v "${option//-/_}" %s "${2:-}" ;;
        *) usage >&2 && exit 2 ;;
    esac
    shift $(($# < 2 ? $# : 2))
done
[[ ${#nodes[@]} =~ ^[13]$ ]] || fail "--nodes must name one or three nodes: two have no majority when one is away"
config=${render:-/etc/kafka} units=${render:-/etc/systemd/system} data=${render:-/var/lib/kafka}/data
needed=(ca.pem)
if [ "$command" = acls ] || [ ! -f "$data/meta.properties" ]; then needed+=(cluster-id passwords); fi
for file in "${needed[@]}"; do [ -r "$secrets/$file" ] || fail "--secrets: there is no $secrets/$file; kafka_secrets.sh makes it"; done

if [ "$command" = acls ]; then
    grant
    exit
fi
[[ $node_id =~ ^[1-${#nodes[@]}]$ ]] || fail "--node-id must be from 1 to ${#nodes[@]}"
[ -r "$secrets/node-$node_id.pem" ] || fail "--secrets: there is no $secrets/node-$node_id.pem"
if [ -n "$render" ]; then configure; else install_service; fi
