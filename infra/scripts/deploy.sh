#!/usr/bin/env bash
# Brings a release to AWS and Snowflake, and back: the steps of docs/deploy.md as commands. Each may be run again.
usage() {
    cat <<'END'
usage: deploy.sh COMMAND --environment NAME [options]
       deploy.sh run --environment NAME -- ticklake WORD...

  plan       what Terraform would change, kept for `apply`
  apply      do what `plan` has shown
  images     build the images and push them, unless the tag is there already: a tag is written once
  ddl        topics, then tables, by the new release's own image inside the network
  smoke      all services stand with the images of the tag, the dashboard answers, and no alarm rings
  run        a command of `ticklake` inside the network, with the operator's rights: verify, backup, restore
  release    images, ddl, then all that reads, then the producer, then smoke; it asks before anything changes that is there
  rollback   the images of the tag before, the producer first, then smoke. Tables and topics stay: they only ever go forward,
             and a release works with the tables of the next one. Data stays too

  --environment NAME   dev or prod: infra/environments/NAME.tfvars
  --tag TAG            tag of the images; without it the project's version, and for `rollback` the one pushed before
             that which was applied last
  --stopped            plan: with no service running, as the first apply needs it
  --only-look          plan: from the state alone, by who may read that and nothing else; it cannot be applied
  --yes                ask nothing
  --dry-run            print each command and run none; no account is needed
END
}
set -euo pipefail
shopt -s inherit_errexit
cd "$(dirname "$0")/../.."

IMAGES=(service dashboard airflow)
# A task's role is no more than a name to it: what that may do, and which ports are open, Terraform takes only when it is told to.
RIGHTS=(-target=module.identity -target=module.network)
READERS=(-target='module.services.aws_ecs_service.this["consumer"]' -target='module.services.aws_ecs_service.this["alerts"]'
    -target='module.services.aws_ecs_service.this["dashboard"]' -target=module.airflow)
WRITER=(-target='module.services.aws_ecs_service.this["producer"]')

fail() {
    echo "deploy.sh: $*" >&2
    exit 1
}

run() {
    if [ -n "$dry_run" ]; then
        printf '+%s\n' "$(printf ' %q' "$@")" >&2
    else
        "$@"
    fi
}

# ask ANSWER COMMAND...: what the command says; in a rehearsal, which knows nothing, ANSWER.
ask() {
    local answer=$1
    shift
    if [ -n "$dry_run" ]; then echo "$answer"; fi
    run "$@"
}

output() { ask "<$1>" terraform -chdir=infra output -raw "$1"; }

member() { ask "<$1.$2>" bash -o pipefail -c "terraform -chdir=infra output -json $1 | jq -er .$2"; }

sure() {
    if [ -n "$yes$dry_run" ]; then return; fi
    local answer
    read -r -p "$1 Go on? [y/N] " answer
    [ "$answer" = y ] || fail "nothing was done"
}

initialise() {
    run terraform -chdir=infra init -input=false
    run terraform -chdir=infra workspace select -or-create "$environment"
}

# plan OPTION...
plan() {
    local kept_or_not=("-out=../$kept")
    if [ -n "$only_look" ]; then kept_or_not=(-var=only_planned=true -refresh=false -lock=false); fi
    run mkdir -p build/deploy
    initialise
    run terraform -chdir=infra plan -input=false -var-file="environments/$environment.tfvars" -var="image_tag=$tag" \
        ${stopped:+-var=running=false} "${kept_or_not[@]}" "$@"
}

apply() {
    sure "The plan above is applied to $environment."
    run terraform -chdir=infra apply -input=false "../$kept"
}

images() {
    local image repository token
    initialise
    for image in "${IMAGES[@]}"; do
        repository=$(member repositories "$image")
        if [ -z "$dry_run" ] && aws ecr describe-images --repository-name "${repository#*/}" --image-ids "imageTag=$tag" >/dev/null 2>&1; then
            echo "$repository:$tag is there already"
            continue
        fi
        run docker build --file infra/docker/Dockerfile --target "$image" --platform linux/amd64 --tag "$repository:$tag" .
        token=$(ask '<token>' aws ecr get-login-password)
        run docker login --username AWS --password-stdin "${repository%%/*}" <<<"$token"
        run docker push "$repository:$tag"
    done
}

# inside WORD...: runs a command as the operator's task, shows what it says and takes its exit status.
inside() {
    local cluster definition subnets group words overrides task status='' code why
    cluster=$(output cluster) definition=$(member operator_task task) subnets=$(member operator_task subnets) group=$(member operator_task group)
    words=("${@//\\/\\\\}")
    words=("${words[@]//\"/\\\"}")
    overrides=$(printf '"%s",' "${words[@]}")
    overrides="{\"containerOverrides\":[{\"name\":\"operator\",\"command\":[${overrides%,}]}]}"
    task=$(ask '<task>' aws ecs run-task --cluster "$cluster" --task-definition "$definition" --launch-type FARGATE --overrides "$overrides" \
        --network-configuration "awsvpcConfiguration={subnets=[$subnets],securityGroups=[$group],assignPublicIp=DISABLED}" \
        --query 'tasks[0].taskArn' --output text)
    [ "$task" != None ] || fail "no task was begun for '$*'"
    # AWS's own waiter gives up after ten minutes, and a restore takes longer.
    while [ "$status" != STOPPED ]; do
        run sleep 5
        status=$(ask STOPPED aws ecs describe-tasks --cluster "$cluster" --tasks "$task" --query 'tasks[0].lastStatus' --output text)
    done
    run aws logs get-log-events --log-group-name "/$cluster/operator" --log-stream-name "operator/operator/${task##*/}" --start-from-head \
        --query 'events[].[message]' --output text || true
    code=$(ask 0 aws ecs describe-tasks --cluster "$cluster" --tasks "$task" --query "tasks[0].containers[?name=='operator'].exitCode|[0]" --output text)
    if [ "$code" = 0 ]; then return; fi
    why=$(ask '' aws ecs describe-tasks --cluster "$cluster" --tasks "$task" --query 'tasks[0].[stoppedReason,containers[].reason][]' --output text)
    fail "'$*' ended with status $code: $why"
}

ddl() {
    plan "${RIGHTS[@]}" -target='module.services.aws_ecs_task_definition.this["operator"]'
    apply
    inside python -m ticklake_io.topics
    inside python -m ticklake_io.migrations
}

# stand [WHICH]: services stand, and with the images that were meant: when new tasks do not, ECS goes back by itself, and all seems
# well. WHICH is a condition of JMESPath on a service's ARN.
stand() {
    local cluster services service definition image
    cluster=$(output cluster)
    services=$(ask '<service>' aws ecs list-services --cluster "$cluster" --query "serviceArns[?${1:-@}]" --output text)
    for service in $services; do
        run aws ecs wait services-stable --cluster "$cluster" --services "$service"
        definition=$(ask '<definition>' aws ecs describe-services --cluster "$cluster" --services "$service" --query 'services[0].taskDefinition' --output text)
        image=$(ask ":$tag" aws ecs describe-task-definition --task-definition "$definition" --query 'taskDefinition.containerDefinitions[0].image' --output text)
        [ "${image##*:}" = "$tag" ] || fail "${service##*/} runs ${image##*:}, not $tag; the service's events say why"
    done
}

# An alarm that waits for measurements rings until the first ones are there, so it has twenty minutes.
silent() {
    local name alarms tries
    name=$(output cluster)
    for ((tries = 40; ; tries--)); do
        alarms=$(ask '' aws cloudwatch describe-alarms --alarm-name-prefix "$name-" --query "MetricAlarms[?StateValue!='OK'].AlarmName" --output text)
        if [ -z "$alarms" ]; then return; fi
        [ "$tries" -gt 0 ] || fail "not well after twenty minutes: $alarms"
        run sleep 30
    done
}

smoke() {
    initialise
    stand
    run curl --fail --silent --show-error --retry 5 --retry-all-errors --output /dev/null "$(output dashboard_url)/_stcore/health"
    silent
}

# The tag that was pushed before the one that was applied last: the newest of what tasks are defined with and of what Terraform has told
# services to run. A release that stopped may have come to the first only, and a way back that stopped leaves the second. ECS itself is
# not asked what runs: it may have gone back already.
previous() {
    local cluster repository told definition image applied=' ' tags each before=None found=None
    cluster=$(output cluster)
    repository=$(member repositories service)
    told=$(ask '<told>' bash -o pipefail -c \
        "terraform -chdir=infra show -json | jq -r '.. | objects | select(.type == \"aws_ecs_service\").values.task_definition'")
    for definition in "$cluster-consumer" $told; do
        image=$(ask ':<applied>' aws ecs describe-task-definition --task-definition "$definition" --query 'taskDefinition.containerDefinitions[0].image' --output text)
        applied+="${image##*:} "
    done
    tags=$(ask '<previous> <applied>' aws ecr describe-images --repository-name "${repository#*/}" --output text \
        --query 'sort_by(imageDetails,&imagePushedAt)[].imageTags[]')
    for each in $tags; do
        if [[ $applied == *" $each "* ]]; then found=$before; fi
        before=$each
    done
    echo "$found"
}

# Who reads knows what is new before anybody writes it, and forgets it after nobody does: docs/upgrade.md.
release() {
    images
    ddl
    plan "${RIGHTS[@]}" "${READERS[@]}"
    apply
    stand "!ends_with(@, '/producer')"
    plan
    apply
    smoke
}

rollback() {
    echo "back to $tag; if this stops, go on with --tag $tag"
    plan "${WRITER[@]}"
    apply
    stand "ends_with(@, '/producer')"
    plan
    apply
    smoke
}

command=${1:-} environment='' tag='' stopped='' only_look='' yes='' dry_run='' words=()
case $command in
    plan | apply | images | ddl | smoke | run | release | rollback) shift ;;
    -h | --help) usage && exit ;;
    *) usage >&2 && exit 2 ;;
esac
while [ $# -gt 0 ]; do
    case $1 in
        --environment) environment=${2:-} && shift ;;
        --tag) tag=${2:-} && shift ;;
        --stopped) stopped=yes ;;
        --only-look) only_look=yes ;;
        --yes) yes=yes ;;
        --dry-run) dry_run=yes ;;
        --) words=("${@:2}") && break ;;
        *) usage >&2 && exit 2 ;;
    esac
    shift || fail "the last option needs a value"
done
[ -f "infra/environments/$environment.tfvars" ] || fail "--environment: there is no infra/environments/$environment.tfvars"
kept=build/deploy/$environment.tfplan

if [ "$command" = rollback ] && [ -z "$tag" ]; then
    initialise
    tag=$(previous)
    [ "$tag" != None ] || fail "no image is there that was pushed before the one that was applied last: name one by --tag"
fi
tag=${tag:-$(sed -n 's/^version = "\(.*\)"$/\1/p' pyproject.toml)}

case $command in
    run)
        [ "${words[0]:-}" = ticklake ] || fail "run: name a command, such as -- ticklake verify"
        initialise
        inside python -m ticklake_cli.main "${words[@]:1}"
        ;;
    *) "$command" ;;
esac
