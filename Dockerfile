# Runs `kurun run` as an unprivileged user. Settings come from KURUN_* variables, a mounted kurun.toml (KURUN_CONFIG)
# and secret files (KURUN_SECRETS_DIR). Your own modules go into an image built on top of this one.
FROM python:3.13-slim AS build
WORKDIR /src
COPY requirements/kurun.txt requirements/build.txt requirements/
RUN python -m venv /opt/kurun \
 && /opt/kurun/bin/pip install --no-cache-dir --require-hashes -r requirements/kurun.txt \
 && python -m venv /opt/build \
 && /opt/build/bin/pip install --no-cache-dir --require-hashes -r requirements/build.txt
COPY . .
RUN /opt/build/bin/python -m hatchling build -t wheel -d /dist \
 && /opt/kurun/bin/pip install --no-cache-dir --no-deps /dist/*.whl

FROM python:3.13-slim
COPY --from=build /opt/kurun /opt/kurun
RUN useradd --system --uid 10001 --home-dir /nonexistent --shell /usr/sbin/nologin kurun
ENV PATH=/opt/kurun/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER 10001
WORKDIR /app
STOPSIGNAL SIGTERM
ENTRYPOINT ["kurun"]
CMD ["run"]
