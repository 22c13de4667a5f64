#!/usr/bin/env bash
# Makes up the secrets of docker-compose.yaml, each in a file of its own: secrets.sh [DIRECTORY]
#
# What exists is left as it is; delete a file to get another. The directory is closed to others. The files are not: the
# containers' users, who are nobody on this host, must read them, and see no directory.
set -euo pipefail

directory=${1:-build/secrets}
umask 022
mkdir -p "$directory"
chmod 0700 "$directory"
cd "$directory"

# put NAME: standard input becomes that secret, all of it or nothing.
put() { cat >".$1.new" && mv ".$1.new" "$1"; }
text() { openssl rand -hex 24 | tr -d '\n'; }  # Airflow takes what it reads as it stands, line end included
have() { [ -s "$1" ]; }

for name in postgres_password redis_password airflow_api_secret_key airflow_jwt_secret grafana_admin_password ticklake_warehouse_password; do
    have "$name" || text | put "$name"
done
have airflow_fernet_key || openssl rand -base64 32 | tr '+/' '-_' | tr -d '\n' | put airflow_fernet_key
have airflow_passwords || printf '{"admin": "%s"}\n' "$(text)" | put airflow_passwords
have store_key || text | put store_key

# Derived from those above, in the form that each program reads.
printf 'requirepass %s\n' "$(cat redis_password)" | put redis_configuration
printf 'redis://:%s@redis:6379/0' "$(cat redis_password)" | put airflow_celery_broker
printf 'postgresql+psycopg2://airflow:%s@postgres:5432/airflow' "$(cat postgres_password)" | put airflow_database
printf 'db+postgresql://airflow:%s@postgres:5432/airflow' "$(cat postgres_password)" | put airflow_celery_results
printf '[default]\naws_access_key_id = ticklake\naws_secret_access_key = %s\n' "$(cat store_key)" | put aws_credentials
put airflow_connections.json <<END
{
  "ticklake_s3": {
    "conn_type": "aws",
    "login": "ticklake",
    "password": "$(cat store_key)",
    "extra_dejson": {
      "endpoint_url": "http://store:18002",
      "region_name": "us-east-1",
      "service_config": {"s3": {"bucket_name": "ticklake"}}
    }
  },
  "ticklake_warehouse": {
    "conn_type": "snowflake",
    "login": "ticklake",
    "password": "$(cat ticklake_warehouse_password)",
    "schema": "CURATED",
    "extra_dejson": {
      "account": "ticklake",
      "host": "warehouse",
      "port": 18003,
      "database": "TICKLAKE",
      "insecure_mode": true
    }
  }
}
END

# The warehouse's stand-in speaks TLS, as Snowflake does; its authority is this installation's own, and its key is not kept.
if ! have warehouse_certificate || ! have warehouse_authority; then
    made=$(mktemp -d)
    trap 'rm -rf "$made"' EXIT
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj /O=Ticklake -keyout "$made/authority.key" -out "$made/authority.pem" \
        -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign 2>/dev/null
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=warehouse -keyout "$made/server.key" -out "$made/server.csr" 2>/dev/null
    printf 'subjectAltName = DNS:warehouse, DNS:localhost\nextendedKeyUsage = serverAuth\nbasicConstraints = CA:FALSE\n' >"$made/extensions"
    openssl x509 -req -in "$made/server.csr" -CA "$made/authority.pem" -CAkey "$made/authority.key" -CAcreateserial -days 3650 -extfile "$made/extensions" -out "$made/server.pem" 2>/dev/null
    cat "$made/server.key" "$made/server.pem" | put warehouse_certificate
    put warehouse_authority <"$made/authority.pem"
fi
echo "secrets are in $PWD"
