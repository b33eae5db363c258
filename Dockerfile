# Quarterdeck in a container, for `docker run`, Kubernetes (examples/kubernetes.yaml) and Prefect's
# docker and kubernetes work pools (docs/scheduling.md).
#   docker build -t quarterdeck .
#   docker run --rm -v quarterdeck:/data quarterdeck quarterdeck run https://forge.example/acme/app
FROM python:3.11-slim-bookworm AS build
WORKDIR /src
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY flows flows
COPY extractors extractors
COPY sql sql
COPY estimates estimates
COPY reports reports
# extras such as "dask,s3", for workers of a cluster
ARG EXTRAS=""
RUN python -m venv /opt/quarterdeck \
    && /opt/quarterdeck/bin/python -m pip install --no-cache-dir --no-compile \
        --disable-pip-version-check --constraint constraints.txt ".${EXTRAS:+[$EXTRAS]}"

FROM python:3.11-slim-bookworm
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
# versions of Debian's packages follow the base image
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates git openssh-client tini \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 10001 quarterdeck \
    && useradd --uid 10001 --gid 10001 --home-dir /data --no-create-home \
        --shell /usr/sbin/nologin quarterdeck \
    && install -d -o quarterdeck -g quarterdeck /data
COPY --from=build /opt/quarterdeck /opt/quarterdeck
ENV PATH=/opt/quarterdeck/bin:$PATH \
    HOME=/data \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    DO_NOT_TRACK=1
USER 10001:10001
WORKDIR /data
VOLUME /data
# unhealthy: stale data, a failed repository or a killed run; meant for `serve`
HEALTHCHECK --interval=5m --timeout=60s --start-period=6h --retries=3 \
    CMD ["quarterdeck", "status", "--max-age", "2d"]
# Prefect's pools give a command of their own
ENTRYPOINT ["tini", "--"]
CMD ["quarterdeck", "serve", "--cron", "15 2 * * *", "--now"]
