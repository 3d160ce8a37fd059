#!/usr/bin/env bash
# The founding tutorial's curl calls, from step 1 to DELETE, against a running server: tests/tutorial.sh URL TOKEN.
# The calls stand as they are written there, but for the placeholders: the token, the ids, the lines that the listing
# omits, and the header that step 4's text asks for and its listing leaves out.
set -euo pipefail
url=$1
token=$2
answer=$(mktemp)
trap 'rm -f "$answer"' EXIT
passed=0

# Runs curl and asserts the status.
expect() {
    local status=$1 got
    shift
    got=$(curl --silent --output "$answer" --write-out '%{http_code}' "$@")
    if [ "$got" != "$status" ]; then
        echo "expected $status, got $got: $*"
        cat "$answer"
        echo "$passed passed, 1 failed"
        exit 1
    fi
    passed=$((passed + 1))
}

# The id of the last answer.
id() { python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["id"])' "$answer"; }

# Step 1: Create a Source
expect 201 -X POST "$url"/api/v1/sources \
  -H "Content-Type: application/json" \
  -H "Authorization: Bearer $token" \
  -d '{
  "name": "mildew-predictor",
  "description": "Predicts the risk of mildew",
  "expectedintervalminutes": 60,
  "retention_hours": 720
}'
source=$(id)

# Step 2: Create a Source Version
expect 201 -X POST "$url"/api/v1/source_versions \
  -H "Content-Type: application/json" \
  -H "Authorization: Bearer $token" \
  -d '{
  "source_id": "'"$source"'",
  "version": "1.0.0",
  "input_roles": [
    { "role": "temperature", "input_kind": "sensor", "metric": "celsius", "required": true }
  ],
  "output_roles": [
    { "role": "prediction", "metric": "celsius", "unit": "°C", "required": true }
  ]
}'
version=$(id)

# Step 4: Setup a Job, of the version just made; the role is the one that it defines.
expect 201 -X POST "$url"/api/v1/jobs/setup \
  -H "Content-Type: application/json" \
  -H "Authorization: Bearer $token" \
  -d '{
  "organisation_id": "77777777-7777-7777-7777-777777777777",
  "source": { "id": "'"$source"'", "name": "mildew-predictor" },
  "job": { "name": "Job A" },
  "role_bindings": [
    { "role": "temperature", "input_id": "99999999-9999-9999-9999-999999999999", "input_type": "sensor" }
  ]
}'
job=$(id)

# Step 4 alone, on a model that nobody has registered, with the listing's own role.
expect 201 -X POST "$url"/api/v1/jobs/setup \
  -H "Content-Type: application/json" \
  -H "Authorization: Bearer $token" \
  -d '{
  "organisation_id": "77777777-7777-7777-7777-777777777777",
  "source": { "id": "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa", "name": "another-predictor" },
  "source_version": {
    "version": "1.0.0",
    "input_roles": [ { "role": "temp", "input_kind": "sensor", "metric": "celsius", "required": true } ],
    "output_roles": [ { "role": "prediction", "metric": "celsius", "unit": "°C", "required": true } ]
  },
  "job": { "name": "Job B", "active": true, "organisation_id": null },
  "role_bindings": [
    { "role": "temp", "input_id": "99999999-9999-9999-9999-999999999999", "input_type": "sensor" }
  ]
}'

# Managing Jobs with API Endpoints, and what a worker does
auth=(-H "Authorization: Bearer $token" -H "Content-Type: application/json")
expect 200 "${auth[@]}" "$url"/api/v1/jobs
expect 200 "${auth[@]}" "$url/api/v1/jobs/$job"
expect 200 "${auth[@]}" -X PUT "$url/api/v1/jobs/$job" -d '{ "name": "Job A, renamed" }'
expect 200 "${auth[@]}" "$url/api/v1/jobs/service/$version"
expect 200 "${auth[@]}" -X POST "$url"/api/v1/predictions -d '{
  "job_id": "'"$job"'",
  "issue_time": "2023-10-27T00:00:00Z",
  "predictions": [ { "role": "prediction", "valid_time": "2023-10-28T00:00:00Z", "value": 14.5 } ]
}'
expect 200 "${auth[@]}" "$url/api/v1/predictions?metric=celsius&job_id=$job&from=2023-10-27T00:00:00Z&to=2023-10-29T00:00:00Z"
grep -q '"value":14.5' "$answer"
expect 204 "${auth[@]}" -X DELETE "$url/api/v1/jobs/$job"
expect 404 "${auth[@]}" "$url/api/v1/jobs/$job"

echo "$passed passed, 0 failed"
