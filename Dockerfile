# Two images: `worker`, the last stage and so the default, and `twin`, KuFlow on your machine for compose.yaml.
#   docker build -t kurun .                                          the worker
#   docker build -t kurun --build-arg EXTRAS=k2,robots,otel .        with optional parts: names of requirements/extras
#   docker build -t kurun-twin --target twin .
# Your own modules go into an image on top of it; deploy/README.md says how.
ARG PYTHON=3.13

FROM python:${PYTHON}-slim AS build
ARG EXTRAS=""
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
COPY requirements requirements
RUN python -m venv /opt/build \
 && /opt/build/bin/pip install --require-hashes -r requirements/build.txt \
 && python -m venv --without-pip /opt/kurun
RUN set -eu -- -r requirements/kurun.txt; \
    for extra in $(echo "$EXTRAS" | tr , ' '); do set -- "$@" -r "requirements/extras/$extra.txt"; done; \
    /opt/build/bin/pip --python /opt/kurun/bin/python install --require-hashes "$@"
COPY . .
RUN /opt/build/bin/python -m hatchling build -t wheel -d /dist \
 && /opt/build/bin/pip --python /opt/kurun/bin/python install --no-index --no-deps /dist/*.whl \
 && mkdir -p /rootfs/app /rootfs/run/secrets /rootfs/var/lib/kurun

FROM build AS build-twin
RUN /opt/build/bin/pip --python /opt/kurun/bin/python install --require-hashes \
    -r requirements/kurun.txt -r requirements/extras/twin.txt

FROM python:${PYTHON}-slim AS base
# /app: your modules and kurun.toml. /run/secrets: a file for each secret. /var/lib/kurun: all that is ever written,
# except for what a robot puts into /tmp; the rest of the file system may be read-only.
COPY --from=build --chown=10001:10001 /rootfs/ /
WORKDIR /app
VOLUME ["/var/lib/kurun"]
ENV PATH=/opt/kurun/bin:$PATH \
    HOME=/var/lib/kurun \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
LABEL org.opencontainers.image.title="kurun" \
      org.opencontainers.image.description="A KuFlow worker and robot runtime" \
      org.opencontainers.image.licenses="MIT"
USER 10001:10001
STOPSIGNAL SIGTERM
# As the first process kurun fetches the ends of orphans and passes signals on; no init is needed beside it.
ENTRYPOINT ["kurun"]

FROM base AS twin
LABEL org.opencontainers.image.title="kurun-twin" \
      org.opencontainers.image.description="KuFlow on your machine: the API and a real Temporal server"
COPY --from=build-twin /opt/kurun /opt/kurun
HEALTHCHECK --interval=5s --timeout=3s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import socket; socket.create_connection(('127.0.0.1', 8080), 2).close()"]
CMD ["dev", "--data", "/var/lib/kurun", "--info", "/var/lib/kurun/info.json", "--http-port", "8080"]

FROM base AS worker
COPY --from=build /opt/kurun /opt/kurun
ENV KURUN_SECRETS_DIR=/run/secrets \
    KURUN_HEALTH_HOST=0.0.0.0 \
    KURUN_HEALTH_PORT=9464 \
    KURUN_LOG_FORMAT=json
EXPOSE 9464
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=3 CMD ["kurun", "check", "--live"]
CMD ["run"]
