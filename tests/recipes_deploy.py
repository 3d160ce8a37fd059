"""Recipes of the guide "Recipes" that deploy: timers of systemd, Kubernetes, nginx and Caddy. See recipes.py."""

import json
import os
import re
import ssl
import subprocess
import sys
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

import yaml

from server import GUIDES, ROOT, TOKEN, Server, blocks, free_port, run, start, stop, until


def systemd(folder):
    service, timer = blocks("recipes", "Run a worker by a systemd timer", "ini")
    # systemd-analyze looks for the executable, which the recipe of Open-Meteo installs.
    python = "/opt/open-meteo/venv/bin/python"
    assert f"ExecStart={python} " in service, service
    Path(folder, "open-meteo.service").write_text(service.replace(python, sys.executable))
    Path(folder, "open-meteo.timer").write_text(timer)
    printed = run("systemd-analyze", "verify", Path(folder, "open-meteo.timer"), Path(folder, "open-meteo.service"))
    assert not printed, printed
    every = re.search(r"OnCalendar=(.*)", timer)[1]
    run("systemd-analyze", "calendar", every)


def kubernetes(executable, folder):
    manifest = GUIDES / "recipes" / "kubernetes.yaml"
    run(Path(sys.executable).parent / "kubernetes-validate", "--strict", manifest)
    documents = list(yaml.safe_load_all(manifest.read_text()))
    (container,) = next(each for each in documents if each["kind"] == "StatefulSet")["spec"]["template"]["spec"][
        "containers"
    ]
    (service,) = [each for each in documents if each["kind"] == "Service"]
    # Kubernetes adds these variables for the service, which look like settings.
    name = service["metadata"]["name"].upper().replace("-", "_")
    added = {f"{name}_SERVICE_HOST": "10.0.0.1", f"{name}_SERVICE_PORT": "8000", f"{name}_PORT": "tcp://10.0.0.1:8000"}
    port, data = free_port(), Path(folder, "kubernetes")
    (variable,) = [each["name"] for each in container["env"]]
    # The manifest names the image of this release, which has these variables.
    version = re.search(r'^version = "(.*)"', (ROOT / "Cargo.toml").read_text(), re.MULTILINE)[1]
    assert container["image"] == f"prediction-api:{version}" and "args" not in container, container
    (words,) = re.findall(r"^ENV (.*)$", (ROOT / "packaging" / "Containerfile").read_text(), re.MULTILINE)
    image = dict(word.replace("/data", str(data)).replace(":8000", f":{port}").split("=", 1) for word in words.split())
    process = start(
        [executable],
        env={"PATH": os.environ["PATH"], **image, variable: TOKEN, **added},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    probes = {container[probe]["httpGet"]["path"] for probe in ("livenessProbe", "readinessProbe", "startupProbe")}
    for path in probes:
        until(lambda: answers(f"http://127.0.0.1:{port}{path}"), path)
    assert answers(f"http://127.0.0.1:{port}/api/v1/whoami", Authorization=f"Bearer {TOKEN}")
    stop(process)


def answers(url, context=None, **headers):
    """Returns the response if it is a success."""
    try:
        return urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=20, context=context)
    except OSError:
        return None


def try_proxy(url, context=None):
    """Uses the server through a proxy that serves it under /farm."""
    until(lambda: answers(f"{url}/farm/readyz", context), "the proxy is ready")
    page = answers(f"{url}/farm", context)
    assert page.url == f"{url}/farm/" and "/farm/assets/" in page.read().decode()
    secret = {"Authorization": f"Bearer {TOKEN}"}
    for number in range(2):
        body = json.dumps({"name": f"Home {number} of {url}"}).encode()
        request = urllib.request.Request(
            f"{url}/farm/api/v1/organisations", body, {**secret, "Content-Type": "application/json"}
        )
        created = urllib.request.urlopen(request, context=context)
        assert created.headers["Location"].startswith("/farm/api/v1/organisations/"), created.headers["Location"]
    first = answers(f"{url}/farm/api/v1/organisations?limit=1", context, **secret)
    link = re.match(r"<(/farm/[^>]*)>", first.headers["Link"])[1]
    assert len(json.load(answers(url + link, context, **secret))) == 1
    document = json.load(answers(f"{url}/farm/api/v1/openapi.json", context))
    assert document["servers"][0]["url"] in ("/farm", f"{url}/farm"), document["servers"]


def proxies(executable, folder):
    settings = blocks("recipes", "nginx", "toml")[0]
    Path(folder, "settings.toml").write_text(settings)
    server = Server(executable, "--config", Path(folder, "settings.toml"))
    upstream = urlsplit(server.url).netloc

    run(
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=farm.example",
        "-addext",
        "subjectAltName=IP:127.0.0.1",
        "-keyout",
        Path(folder, "privkey.pem"),
        "-out",
        Path(folder, "fullchain.pem"),
    )
    port = free_port()
    site = blocks("recipes", "nginx", "nginx")[0].replace("listen 443 ssl", f"listen 127.0.0.1:{port} ssl")
    site = site.replace("/etc/nginx/", f"{folder}/").replace("127.0.0.1:8000", upstream)
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    Path(folder, "nginx.conf").write_text(
        f"pid {folder}/nginx.pid;\nerror_log {folder}/nginx.log;\nevents {{}}\n"
        f"http {{\naccess_log off;\n{temporary}{site}}}\n"
    )
    run("nginx", "-q", "-t", "-c", Path(folder, "nginx.conf"))
    nginx = start(["nginx", "-c", Path(folder, "nginx.conf"), "-g", "daemon off;"], stderr=subprocess.DEVNULL)
    try_proxy(f"https://127.0.0.1:{port}", ssl.create_default_context(cafile=Path(folder, "fullchain.pem")))
    stop(nginx)

    site = blocks("recipes", "Caddy", "text")[0]
    home = {**os.environ, "HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    Path(folder, "Caddyfile").write_text(site)
    run("caddy", "validate", "--adapter", "caddyfile", "--config", Path(folder, "Caddyfile"), env=home)
    # Without TLS, for which Caddy would need a name that the world can reach.
    port = free_port()
    site = site.replace("farm.example", f"http://127.0.0.1:{port}").replace("127.0.0.1:8000", upstream)
    Path(folder, "Caddyfile").write_text(f"{{\n\tadmin off\n}}\n{site}")
    caddy = start(
        ["caddy", "run", "--adapter", "caddyfile", "--config", Path(folder, "Caddyfile")],
        env=home,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try_proxy(f"http://127.0.0.1:{port}")
    stop(caddy)
    server.stop()
